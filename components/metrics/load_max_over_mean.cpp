// The assignments of the busiest expert over the mean of all: 1 when even, E when one has all.
// MaxVio of Wang et al. 2024 is this less 1, over one batch. Mean over the routers of the model.
#include <numeric>

#include "components/metrics/routing.h"

namespace assay::metrics {
namespace {

struct LoadMaxOverMean final : Metric {
  static constexpr Info kInfo{"load-max-over-mean", 1,
                              "Load of the busiest expert over the mean load.",
                              "Wang et al. 2024, arXiv:2408.15664 (MaxVio + 1)"};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const auto routers = router_statistics(e.statistics(), ".load", kInfo.name);
    sink("load-max-over-mean", mean_over_routers(routers, [](const RouterStatistic& router) {
           const std::vector<double> load = router.summed();
           const double total = std::accumulate(load.begin(), load.end(), 0.0);
           return *std::max_element(load.begin(), load.end()) * static_cast<double>(load.size()) /
                  total;
         }));
  }
};
ASSAY_REGISTER(Metric, LoadMaxOverMean);

}  // namespace
}  // namespace assay::metrics
