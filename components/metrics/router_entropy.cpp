// Entropy in nats of the probabilities over experts that a router gives a token before it chooses,
// mean over tokens and routers: 0 where it is sure, log E where it is not. For sigmoid scores the
// scores over their sum; for soft routing the weights of an expert's slots together. A router
// without probabilities counts with what it does: log E where it draws at random, log k for k fixed
// experts of equal weight.
#include <numeric>

#include "components/metrics/routing.h"

namespace assay::metrics {
namespace {

struct RouterEntropy final : Metric {
  static constexpr Info kInfo{"router-entropy", 1,
                              "Mean entropy of a token's routing probabilities."};
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const auto routers = router_statistics(e.statistics(), ".routing_entropy", kInfo.name);
    sink("router-entropy", mean_over_routers(routers, [](const RouterStatistic& router) {
           const std::vector<double> all = router.joined();
           return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
         }));
  }
};
ASSAY_REGISTER(Metric, RouterEntropy);

}  // namespace
}  // namespace assay::metrics
