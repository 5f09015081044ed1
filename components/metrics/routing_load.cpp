// Of the assignments that each expert of a router receives over the split: population standard
// deviation over mean (0 when even), and entropy of the shares in nats (log E when even). Means
// over the routers of the model.
#include <cmath>

#include "components/metrics/routing.h"

namespace assay::metrics {
namespace {

struct RoutingLoad final : Metric {
  static constexpr Info kInfo{
      "routing-load", 2, "Balance of the load of experts: coefficient of variation and entropy.",
      "Shazeer et al. 2017, section 4 (CV)"};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    double variation = 0.0, entropies = 0.0;
    const auto routers = router_statistics(e.statistics(), ".load", kInfo.name);
    for (const RouterStatistic& router : routers) {
      const std::vector<double> load = router.summed();
      double total = 0.0, squares = 0.0, entropy = 0.0;
      for (const double x : load) total += x;
      const double mean = total / static_cast<double>(load.size());
      for (const double x : load) {
        squares += (x - mean) * (x - mean);
        if (x > 0) entropy -= x / total * std::log(x / total);
      }
      variation += std::sqrt(squares / static_cast<double>(load.size())) / mean;
      entropies += entropy;
    }
    const auto count = static_cast<double>(routers.size());
    sink("routing-load-cv", variation / count);
    sink("routing-load-entropy", entropies / count);
  }
};
ASSAY_REGISTER(Metric, RoutingLoad);

}  // namespace
}  // namespace assay::metrics
