// Share of the latents whose code is 0 in every row of the split.
#include "components/metrics/firing.h"

namespace assay::metrics {
namespace {

struct DeadLatents final : Metric {
  static constexpr Info kInfo{"dead-latents", 1, "Share of latents that never fire.",
                              "Gao et al. 2024, arXiv:2406.04093, section 2.4"};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const std::vector<double> shares = firing_shares(e);
    const auto dead = std::count(shares.begin(), shares.end(), 0.0);
    sink("dead-latents", static_cast<double>(dead) / static_cast<double>(shares.size()));
  }
};
ASSAY_REGISTER(Metric, DeadLatents);

}  // namespace
}  // namespace assay::metrics
