#pragma once

#include "components/nn/tape.h"

namespace assay::nn {

// Directed edges between rows, on the tape (Tape::scratch or keep).
struct Edges {
  std::span<const int> from, to;
};

// y[to[e]] += weights[e] * x[from[e]] over all edges e, in their order. x: n x d, weights: one
// number an edge -> n x d. Weights get a gradient too, so that gates may sit on edges.
Var propagate(Var x, Var weights, Edges edges);

}  // namespace assay::nn
