#pragma once

#include "components/datasets/dataset.h"

namespace assay {

// The normal components that data of gaussian-mixture were drawn from, which its truth holds:
// "means" (components x width), "deviations" and "weights" (components each).
struct GaussianMixture {
  nn::Tensor means, deviations, weights;
  int components() const { return means.shape()[0]; }
  int width() const { return means.shape()[1]; }
  // log of the density at a row of `points` (n x width).
  double log_density(const nn::Tensor& points, int row) const;
};
// Throws std::runtime_error, naming who asks, where the data were not drawn from a mixture.
GaussianMixture mixture_of(const Data& data, std::string_view user);

}  // namespace assay
