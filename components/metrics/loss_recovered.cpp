// (L_ablated - L_spliced) / (L_ablated - L_clean), L the mean -log softmax(outputs)[label] of the
// model as it is, with the autoencoder's reconstruction in place of the site that it gives, and
// with an ablation there: zeros, or the site's mean over the split. 1: nothing is lost. Which
// ablation it is must be said with the number, since it sets the scale.
#include "components/metrics/likelihood.h"
#include "components/metrics/splicing.h"

namespace assay::metrics {
namespace {

struct LossRecovered final : Metric {
  static constexpr Info kInfo{"loss-recovered", 1,
                              "Share of an ablation's loss that the reconstruction saves.",
                              "Rajamanoharan et al. 2024, arXiv:2404.16014, section 3.2"};
  static constexpr std::string_view kBetter = "higher";
  Ablation baseline = Ablation::kZero;

  static void params(Params<LossRecovered>& p) {
    p.add("baseline", &LossRecovered::baseline, {"zero", "mean"})
        .doc("What the site is ablated to.")
        .source("Rajamanoharan et al. 2024: zero");
  }
  std::string_view needs() const override { return "model data sae"; }

  void measure(Evaluation& e, const Sink& sink) const override {
    const std::string metric = "loss-recovered", site = given_site(e, metric);
    const double clean = mean_nll(e, metric);
    const double ablated = mean_nll(e, outputs_ablated(e, baseline, metric));
    const double spliced = mean_nll(e, outputs_spliced(e, metric));
    if (ablated == clean)
      throw std::runtime_error(metric + ": ablating \"" + site + "\" does not change the loss");
    sink(metric, (ablated - spliced) / (ablated - clean));
    sink(metric + "-clean", clean);
    sink(metric + "-spliced", spliced);
    sink(metric + "-ablated", ablated);
  }
};
ASSAY_REGISTER(Metric, LossRecovered);

}  // namespace
}  // namespace assay::metrics
