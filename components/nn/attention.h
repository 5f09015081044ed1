#pragma once

#include "components/nn/tape.h"

namespace assay::nn {

// Attention, and where to look for its probabilities until reset(): batch x heads x queries x keys.
Var attention(Var q, Var k, Var v, const AttentionShape& shape, Tape::Numbers& pattern);

// Rotary positions for heads that do not agree on them: head h of row r turns by places[r * heads +
// h], each from 0 to below `count`.
Var rotary_by_place(Var x, std::span<const int> places, int count, int heads,
                    double base = 10000.0);

}  // namespace assay::nn
