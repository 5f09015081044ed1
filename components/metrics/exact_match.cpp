// Share of examples of which every label has the largest output; ties go to the lower class.
// Positions without a label (-1) do not count, and examples without any label neither.
#include "components/metrics/likelihood.h"

namespace assay::metrics {
namespace {

struct ExactMatch final : Metric {
  static constexpr Info kInfo{"exact-match", 1, "Share of examples that are right throughout.", ""};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor& out = logits_of(e, "exact-match");
    (void)counted_labels(e, "exact-match");
    const int classes = e.model->format.classes, positions = e.model->format.positions;
    const auto& labels = e.examples().labels;
    double counted = 0.0, right = 0.0;
    for (int i = 0; i < e.examples().count; ++i) {
      bool any = false, all = true;
      for (std::int64_t at = std::int64_t{i} * positions; at < std::int64_t{i + 1} * positions;
           ++at) {
        const int label = labels[static_cast<std::size_t>(at)];
        if (label < 0) continue;
        any = true;
        int best = 0;
        for (int j = 1; j < classes; ++j)
          if (out.get(at * classes + j) > out.get(at * classes + best)) best = j;
        all = all && best == label;
      }
      counted += any ? 1.0 : 0.0;
      right += any && all ? 1.0 : 0.0;
    }
    sink("exact-match", right / counted);
  }
};
ASSAY_REGISTER(Metric, ExactMatch);

}  // namespace
}  // namespace assay::metrics
