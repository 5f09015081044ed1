// Mean over examples and positions of KL(p || q) = sum p log(p / q), in nats, p being the
// predictions of the reference and q those of the model: what is lost by taking the model for the
// reference.
#include "components/metrics/likelihood.h"

namespace assay::metrics {
namespace {

struct KlFromReference final : Metric {
  static constexpr Info kInfo{"kl-from-reference", 1,
                              "Divergence of the reference's predictions from the model's.",
                              "Kullback and Leibler 1951"};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model data reference"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor& expected = reference_logits_of(e, "kl-from-reference");
    sink("kl-from-reference", mean_kl(expected, e.outputs(), e.model->format.classes));
  }
};
ASSAY_REGISTER(Metric, KlFromReference);

}  // namespace
}  // namespace assay::metrics
