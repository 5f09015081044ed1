#pragma once

#include "components/saes/sae.h"

namespace assay::stages {

// What is taken off each site, and by what it is scaled: a mean squared norm of its width, or a
// mean norm of the root of its width. A decoder's bias that starts at 0 starts at that centre in
// effect.
struct Normalisation {
  enum class Centre { kMean, kGeometricMedian, kNone };
  enum class Scale { kMeanSquare, kMeanNorm, kNone };
  Centre centre = Centre::kMean;
  Scale scale = Scale::kMeanSquare;
};

// x: n x the sum of the widths of its sites.
Scaling scaling_of(const nn::Tensor& x, const std::vector<int>& widths, Normalisation how);

}  // namespace assay::stages
