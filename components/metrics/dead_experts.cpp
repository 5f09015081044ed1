// Share of the experts that over the split receive fewer assignments than `below` times the even
// load (assignments / E). Mean over the routers of the model.
#include <numeric>

#include "components/metrics/routing.h"

namespace assay::metrics {
namespace {

struct DeadExperts final : Metric {
  static constexpr Info kInfo{"dead-experts", 1, "Share of experts that receive next to nothing.",
                              "Shazeer et al. 2017, section 4 (the same few experts)"};
  static constexpr std::string_view kBetter = "lower";
  float below = 0.1F;

  static void params(Params<DeadExperts>& p) {
    p.add("below", &DeadExperts::below)
        .above(0)
        .at_most(1)
        .doc("Share of the even load below which an expert counts as dead.");
  }
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const auto routers = router_statistics(e.statistics(), ".load", kInfo.name);
    sink("dead-experts", mean_over_routers(routers, [&](const RouterStatistic& router) {
           const std::vector<double> load = router.summed();
           const auto experts = static_cast<double>(load.size());
           const double least =
               double{below} * std::accumulate(load.begin(), load.end(), 0.0) / experts;
           const auto dead =
               std::count_if(load.begin(), load.end(), [&](double x) { return x < least; });
           return static_cast<double>(dead) / experts;
         }));
  }
};
ASSAY_REGISTER(Metric, DeadExperts);

}  // namespace
}  // namespace assay::metrics
