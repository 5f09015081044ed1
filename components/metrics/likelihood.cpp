#include "components/metrics/likelihood.h"

#include <algorithm>

namespace assay::metrics {

const nn::Tensor& logits_of(Evaluation& e, const std::string& metric) {
  const nn::Tensor& out = e.outputs();
  const auto labels = static_cast<std::int64_t>(e.examples().labels.size());
  const int classes = e.model->format.classes;
  const DataFormat& given = e.data->format;
  if (given.classes != classes || given.positions != e.model->format.positions)
    throw std::runtime_error(metric + ": the model knows " + std::to_string(classes) +
                             " classes, the data have " + std::to_string(given.classes));
  if (labels == 0 || out.count() != labels * classes)
    throw std::runtime_error(metric + ": outputs " + out.shape().text() + " are not " +
                             std::to_string(classes) + " classes for each of " +
                             std::to_string(labels) + " labels");
  return out;
}

double counted_labels(const Evaluation& e, const std::string& metric) {
  const auto& labels = e.examples().labels;
  const auto count = std::count_if(labels.begin(), labels.end(), [](int l) { return l >= 0; });
  if (count == 0) throw std::runtime_error(metric + ": the " + e.split + " split has no labels");
  return static_cast<double>(count);
}

const nn::Tensor& reference_logits_of(Evaluation& e, const std::string& metric) {
  const nn::Tensor &own = logits_of(e, metric), &out = e.reference_outputs();
  if (!(out.shape() == own.shape()))
    throw std::runtime_error(metric + ": the reference gives outputs " + out.shape().text() +
                             ", the model " + own.shape().text());
  return out;
}

double mean_nll(Evaluation& e, const std::string& metric) {
  const nn::Tensor& out = logits_of(e, metric);
  (void)counted_labels(e, metric);  // whose name is in the message
  return mean_nll(e, out);
}

double mean_nll(const Evaluation& e, const nn::Tensor& out) {
  const int classes = e.model->format.classes;
  const auto& labels = e.examples().labels;
  double total = 0.0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    total += nll_at(out, static_cast<std::int64_t>(i) * classes, classes, labels[i]);
  }
  return total / counted_labels(e, "the loss");
}

}  // namespace assay::metrics
