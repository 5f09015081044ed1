// The coefficient of determination, pooled over the targets (or the input, for a model that
// reconstructs it): 1 - sum_ij (output - goal)² / sum_ij (goal - mean_j)². 1 is exact, 0 is as good
// as the means of this split.
#include "components/metrics/regression.h"

namespace assay::metrics {
namespace {

struct R2 final : Metric {
  static constexpr Info kInfo{"r2", 1, "Share of the variance of the targets that is predicted.",
                              "Wright 1921 (coefficient of determination)"};
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor& goal = goal_of(e, "r2");
    const nn::Tensor& out = e.outputs();
    const int n = goal.shape()[0], d = goal.shape().back();
    double residual = 0.0, total = 0.0;
    for (int j = 0; j < d; ++j) {
      double mean = 0.0;
      for (int i = 0; i < n; ++i) mean += goal.at(i, j) / n;
      for (int i = 0; i < n; ++i) {
        residual += (goal.at(i, j) - out.at(i, j)) * (goal.at(i, j) - out.at(i, j));
        total += (goal.at(i, j) - mean) * (goal.at(i, j) - mean);
      }
    }
    if (total == 0.0)
      throw std::runtime_error("r2: the targets of the " + e.split + " split do not vary");
    sink("r2", 1.0 - residual / total);
  }
};
ASSAY_REGISTER(Metric, R2);

}  // namespace
}  // namespace assay::metrics
