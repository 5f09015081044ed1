// Share of the latents whose code is not 0 in more than `above` of the split's rows.
#include "components/metrics/firing.h"

namespace assay::metrics {
namespace {

struct DenseLatents final : Metric {
  static constexpr Info kInfo{"dense-latents", 1, "Share of latents that fire often.",
                              "Rajamanoharan et al. 2024, arXiv:2407.14435, section 5"};
  static constexpr std::string_view kBetter = "lower";
  float above = 0.1F;

  static void params(Params<DenseLatents>& p) {
    p.add("above", &DenseLatents::above)
        .at_least(0)
        .below(1)
        .doc("Share of the rows above which a latent is dense.")
        .source("Rajamanoharan et al. 2024: 10%");
  }
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const std::vector<double> shares = firing_shares(e);
    const auto dense = std::count_if(shares.begin(), shares.end(),
                                     [&](double share) { return share > double{above}; });
    sink("dense-latents", static_cast<double>(dense) / static_cast<double>(shares.size()));
  }
};
ASSAY_REGISTER(Metric, DenseLatents);

}  // namespace
}  // namespace assay::metrics
