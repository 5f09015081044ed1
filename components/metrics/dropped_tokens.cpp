// Share of the rows that reach a router and that no expert computes: it chose none (expert choice),
// or all that it chose were full. Passes are batches of 512 examples, within which capacities are
// counted. dropped-tokens-assignments: of the assignments, the share that full experts refused,
// which for k > 1 is more than the rows that lost all. Means over the routers of the model.
#include <numeric>

#include "components/metrics/routing.h"

namespace assay::metrics {
namespace {

struct DroppedTokens final : Metric {
  static constexpr Info kInfo{"dropped-tokens", 1,
                              "Share of tokens that pass a mixture of experts by the residual.",
                              "Fedus et al. 2021, arXiv:2101.03961, section 2.2"};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const auto dropped = router_statistics(e.statistics(), ".dropped", kInfo.name);
    double rows = 0.0, assignments = 0.0;
    for (const RouterStatistic& router : dropped) {
      const std::vector<double> lost = router.summed();
      const auto loads = router_statistics(e.statistics(), router.router + ".load", kInfo.name);
      const std::vector<double> load = loads.front().summed();
      rows += lost[1] / lost[0];
      assignments += lost[2] / std::accumulate(load.begin(), load.end(), 0.0);
    }
    const auto count = static_cast<double>(dropped.size());
    sink("dropped-tokens", rows / count);
    sink("dropped-tokens-assignments", assignments / count);
  }
};
ASSAY_REGISTER(Metric, DroppedTokens);

}  // namespace
}  // namespace assay::metrics
