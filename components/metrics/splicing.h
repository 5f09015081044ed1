#pragma once

#include "components/metrics/metric.h"

namespace assay::metrics {

enum class Ablation { kZero, kMean };  // the mean of the split

// What a model gives with something else at the site that the autoencoder gives: an ablation, or
// its reconstruction. Both throw std::runtime_error naming the metric where it does not read one
// site and give one.
const std::string& given_site(const Evaluation& evaluation, const std::string& metric);
nn::Tensor outputs_ablated(Evaluation& evaluation, Ablation how, const std::string& metric);
nn::Tensor outputs_spliced(Evaluation& evaluation, const std::string& metric);

}  // namespace assay::metrics
