#pragma once

#include "components/nn/tape.h"

namespace assay::nn {

// The last two axes exchanged, for each leading index: b x n x d -> b x d x n, or n x d -> d x n.
Var transpose(Var a);

}  // namespace assay::nn
