// The coefficient of determination, pooled over the targets (or the input, for a model that
// reconstructs it): 1 - sum_ij (output - goal)² / sum_ij (goal - mean_j)². 1 is exact, 0 is as good
// as the means of this split.
#include "components/metrics/regression.h"

namespace assay::metrics {
namespace {

struct R2 final : Metric {
  static constexpr Info kInfo{"r2", 1, "Share of the variance of the targets that is predicted.",
                              "Wright 1921 (coefficient of determination)"};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor& goal = goal_of(e, "r2");
    const Variance sums = variance_of(goal, e.outputs());
    if (sums.total == 0.0)
      throw std::runtime_error("r2: the targets of the " + e.split + " split do not vary");
    sink("r2", 1.0 - sums.residual / sums.total);
  }
};
ASSAY_REGISTER(Metric, R2);

}  // namespace
}  // namespace assay::metrics
