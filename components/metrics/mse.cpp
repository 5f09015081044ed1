// Mean over all entries of (output - goal)²: the goal is the targets for a model that predicts
// those, else the input.
#include "components/metrics/regression.h"

namespace assay::metrics {
namespace {

struct Mse final : Metric {
  static constexpr Info kInfo{
      "mse", 1, "Mean squared error of predicting targets or reconstructing the input.", ""};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor& goal = goal_of(e, "mse");
    const nn::Tensor& out = e.outputs();
    double total = 0.0;
    for (std::int64_t i = 0; i < goal.count(); ++i)
      total += (out.get(i) - goal.get(i)) * (out.get(i) - goal.get(i));
    sink("mse", total / static_cast<double>(goal.count()));
  }
};
ASSAY_REGISTER(Metric, Mse);

}  // namespace
}  // namespace assay::metrics
