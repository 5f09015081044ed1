// Pooled: 1 - sum_ij (x - y)² / sum_ij (x - mean_j)².
#include "components/metrics/regression.h"

namespace assay::metrics {
namespace {

struct ExplainedVariance final : Metric {
  static constexpr Info kInfo{"explained-variance", 1,
                              "1 - residual / total variance, pooled over examples and features.",
                              "SAEBench (Karvonen et al. 2025)"};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const Variance sums = variance_of(e.targets(), e.reconstruction());
    sink("explained-variance", 1.0 - sums.residual / sums.total);
  }
};
ASSAY_REGISTER(Metric, ExplainedVariance);

}  // namespace
}  // namespace assay::metrics
