// Pooled: 1 - sum_ij (x - y)² / sum_ij (x - mean_j)².
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct ExplainedVariance final : Metric {
  static constexpr Info kInfo{"explained-variance", 1,
                              "1 - residual / total variance, pooled over examples and features.",
                              "SAEBench (Karvonen et al. 2025)"};
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor &x = e.targets(), &y = e.reconstruction();
    const int n = static_cast<int>(x.shape().rows()), d = x.shape().back();
    double residual = 0.0, total = 0.0;
    for (int j = 0; j < d; ++j) {
      double mean = 0.0;
      for (int i = 0; i < n; ++i) mean += x.at(i, j) / n;
      for (int i = 0; i < n; ++i) {
        residual += (x.at(i, j) - y.at(i, j)) * (x.at(i, j) - y.at(i, j));
        total += (x.at(i, j) - mean) * (x.at(i, j) - mean);
      }
    }
    sink("explained-variance", 1.0 - residual / total);
  }
};
ASSAY_REGISTER(Metric, ExplainedVariance);

}  // namespace
}  // namespace assay::metrics
