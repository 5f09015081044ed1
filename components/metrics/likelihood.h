#pragma once

#include "components/metrics/metric.h"
#include "components/nn/logits.h"

namespace assay::metrics {

// The outputs, where they are one number for each class of each label. Throws std::runtime_error
// naming the metric where they are not: an auto-encoder's reconstruction, or data without labels.
const nn::Tensor& logits_of(Evaluation& evaluation, const std::string& metric);
// How many labels count: those that are not -1. Throws where none does.
double counted_labels(const Evaluation& evaluation, const std::string& metric);
// The same of the reference, of the shape of the model's.
const nn::Tensor& reference_logits_of(Evaluation& evaluation, const std::string& metric);
// Mean over the labels that count of -log softmax(outputs)[label], in nats, summed in double.
double mean_nll(Evaluation& evaluation, const std::string& metric);
// The same of other outputs of the same shape.
double mean_nll(const Evaluation& evaluation, const nn::Tensor& outputs);

}  // namespace assay::metrics
