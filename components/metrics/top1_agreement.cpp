// Share of examples and positions whose most probable class is the same for model and reference,
// right or wrong. Ties go to the lower class.
#include "components/metrics/likelihood.h"

namespace assay::metrics {
namespace {

struct Top1Agreement final : Metric {
  static constexpr Info kInfo{"top1-agreement", 1,
                              "Share of predictions that are those of the reference.", ""};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "model data reference"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor& expected = reference_logits_of(e, "top1-agreement");
    const nn::Tensor& out = e.outputs();
    const int classes = e.model->format.classes;
    double same = 0.0;
    for (std::int64_t row = 0; row < out.count(); row += classes)
      same += first_largest(expected, row, classes) == first_largest(out, row, classes) ? 1.0 : 0.0;
    sink("top1-agreement", same * classes / static_cast<double>(out.count()));
  }

 private:
  static int first_largest(const nn::Tensor& logits, std::int64_t row, int classes) {
    int best = 0;
    for (int j = 1; j < classes; ++j)
      if (logits.get(row + j) > logits.get(row + best)) best = j;
    return best;
  }
};
ASSAY_REGISTER(Metric, Top1Agreement);

}  // namespace
}  // namespace assay::metrics
