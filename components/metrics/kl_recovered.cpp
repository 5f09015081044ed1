// (KL_ablated - KL_spliced) / KL_ablated, KL the mean divergence of the model's predictions from
// those with the autoencoder's reconstruction in place of the site that it gives, or with an
// ablation there. 1: predictions stay as they are. Unlike loss-recovered it does not reward errors
// that help.
#include "components/metrics/likelihood.h"
#include "components/metrics/splicing.h"

namespace assay::metrics {
namespace {

struct KlRecovered final : Metric {
  static constexpr Info kInfo{"kl-recovered", 1,
                              "Share of an ablation's divergence that the reconstruction saves.",
                              "SAEBench (Karvonen et al. 2025)"};
  static constexpr std::string_view kBetter = "higher";
  Ablation baseline = Ablation::kZero;

  static void params(Params<KlRecovered>& p) {
    p.add("baseline", &KlRecovered::baseline, {"zero", "mean"})
        .doc("What the site is ablated to.")
        .source("SAEBench (Karvonen et al. 2025): zero");
  }
  std::string_view needs() const override { return "model data sae"; }

  void measure(Evaluation& e, const Sink& sink) const override {
    const std::string metric = "kl-recovered", site = given_site(e, metric);
    const nn::Tensor& clean = logits_of(e, metric);
    const int classes = e.model->format.classes;
    const double ablated = mean_kl(clean, outputs_ablated(e, baseline, metric), classes);
    const double spliced = mean_kl(clean, outputs_spliced(e, metric), classes);
    if (!(ablated > 0))
      throw std::runtime_error(metric + ": ablating \"" + site +
                               "\" does not change the predictions");
    sink(metric, (ablated - spliced) / ablated);
    sink(metric + "-spliced", spliced);
    sink(metric + "-ablated", ablated);
  }
};
ASSAY_REGISTER(Metric, KlRecovered);

}  // namespace
}  // namespace assay::metrics
