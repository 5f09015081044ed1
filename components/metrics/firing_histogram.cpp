// Quantiles over latents of log10 of the share of rows in which a latent fires: the histogram that
// papers draw, in five numbers. One that never fires counts as half a row, so that it has a
// logarithm. The quantile q of m latents is that of rank floor(q (m - 1)), the lower where two
// would do.
#include <cmath>

#include "components/metrics/firing.h"

namespace assay::metrics {
namespace {

struct FiringHistogram final : Metric {
  static constexpr Info kInfo{"firing-histogram", 1, "Quantiles of log10 firing frequency.",
                              "Bricken et al. 2023 (feature density histograms)"};
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    std::vector<double> logs = firing_shares(e);
    const double least = 0.5 / static_cast<double>(e.codes().shape().rows());
    for (double& share : logs) share = std::log10(std::max(share, least));
    std::sort(logs.begin(), logs.end());
    for (const int percent : {5, 25, 50, 75, 95}) {
      const std::size_t rank = (logs.size() - 1) * static_cast<std::size_t>(percent) / 100;
      sink("firing-histogram-q" + std::to_string(percent), logs[rank]);
    }
  }
};
ASSAY_REGISTER(Metric, FiringHistogram);

}  // namespace
}  // namespace assay::metrics
