#pragma once

#include "components/metrics/metric.h"

namespace assay::metrics {

// The numbers that the model's outputs should be: targets, or the input for a model that
// reconstructs it. Throws std::runtime_error naming the metric where the shapes differ.
const nn::Tensor& goal_of(Evaluation& evaluation, const std::string& metric);

}  // namespace assay::metrics
