#include "components/metrics/likelihood.h"

#include <cmath>

namespace assay::metrics {

double mean_nll(Evaluation& e) {
  const nn::Tensor& out = e.outputs();
  const int classes = e.model->format.classes;
  const auto& labels = e.examples().labels;
  double total = 0.0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::int64_t row = static_cast<std::int64_t>(i) * classes;
    double top = out.get(row), sum = 0.0;
    for (int j = 1; j < classes; ++j) top = std::max(top, out.get(row + j));
    for (int j = 0; j < classes; ++j) sum += std::exp(out.get(row + j) - top);
    total += top + std::log(sum) - out.get(row + labels[i]);
  }
  return total / static_cast<double>(labels.size());
}

}  // namespace assay::metrics
