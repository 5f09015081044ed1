// Share of labels (examples x positions) whose output is the largest; ties go to the lower class.
// Positions without a label (-1) do not count.
#include <cmath>

#include "components/metrics/likelihood.h"

namespace assay::metrics {
namespace {

struct Accuracy final : Metric {
  static constexpr Info kInfo{"accuracy", 1, "Share of labels that have the largest output.", ""};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor& out = logits_of(e, "accuracy");
    const int classes = e.model->format.classes;
    const auto& labels = e.examples().labels;
    double right = 0.0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] < 0) continue;
      const std::int64_t row = static_cast<std::int64_t>(i) * classes;
      int best = 0;
      for (int j = 1; j < classes; ++j)
        if (out.get(row + j) > out.get(row + best)) best = j;
      right += best == labels[i] ? 1.0 : 0.0;
    }
    sink("accuracy", right / counted_labels(e, "accuracy"));
  }
};
ASSAY_REGISTER(Metric, Accuracy);

}  // namespace
}  // namespace assay::metrics
