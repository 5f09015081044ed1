// The older definition: the ratio is taken for each example, then averaged.
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct ExplainedVarianceLegacy final : Metric {
  static constexpr Info kInfo{
      "explained-variance-legacy", 1,
      "Mean over examples of 1 - residual / squared deviation from the mean.",
      "SAELens before 2025"};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor &x = e.targets(), &y = e.reconstruction();
    const int n = static_cast<int>(x.shape().rows()), d = x.shape().back();
    std::vector<double> mean(static_cast<std::size_t>(d));
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < d; ++j) mean[static_cast<std::size_t>(j)] += x.at(i, j) / n;
    double sum = 0.0;
    for (int i = 0; i < n; ++i) {
      double residual = 0.0, total = 0.0;
      for (int j = 0; j < d; ++j) {
        residual += (x.at(i, j) - y.at(i, j)) * (x.at(i, j) - y.at(i, j));
        const double c = x.at(i, j) - mean[static_cast<std::size_t>(j)];
        total += c * c;
      }
      sum += 1.0 - residual / std::max(total, 1e-12);
    }
    sink("explained-variance-legacy", sum / n);
  }
};
ASSAY_REGISTER(Metric, ExplainedVarianceLegacy);

}  // namespace
}  // namespace assay::metrics
