#pragma once

#include "components/metrics/metric.h"

namespace assay::metrics {

// The numbers that the model's outputs should be: targets, or the input for a model that
// reconstructs it. Throws std::runtime_error naming the metric where the shapes differ.
const nn::Tensor& goal_of(Evaluation& evaluation, const std::string& metric);

// sum_ij (goal - out)², and sum_ij (goal - mean_j)², the error of predicting each column's mean.
struct Variance {
  double residual = 0.0, total = 0.0;
};
Variance variance_of(const nn::Tensor& goal, const nn::Tensor& out);

}  // namespace assay::metrics
