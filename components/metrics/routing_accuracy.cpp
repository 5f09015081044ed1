// Against a known component of each example of the test split (the data's truth "assignment"):
// experts and components are matched one to one so that as many examples as possible go to their
// component's expert (optimal matching), and the share of examples that do is the accuracy. Of
// several experts of an example that of the largest weight counts; one that no expert computes is
// wrong. Mean over the routers of the model.
#include <cmath>

#include "components/metrics/routing.h"
#include "components/routers/router.h"

namespace assay::metrics {
namespace {

double accuracy(const Routes& routed, const std::vector<int>& truth) {
  if (routed.rows.size() != truth.size())
    throw std::runtime_error("routing-accuracy: the router \"" + routed.router + "\" sees " +
                             std::to_string(routed.rows.size()) + " rows, the truth has " +
                             std::to_string(truth.size()));
  int experts = 1, components = 1;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    experts = std::max(experts, routed.rows[i][0] + 1);
    components = std::max(components, truth[i] + 1);
  }
  std::vector<double> together(static_cast<std::size_t>(experts) *
                               static_cast<std::size_t>(components));
  const auto at = [&](int expert, int component) -> double& {
    return together[static_cast<std::size_t>(expert) * static_cast<std::size_t>(components) +
                    static_cast<std::size_t>(component)];
  };
  for (std::size_t i = 0; i < truth.size(); ++i)
    if (routed.rows[i][0] >= 0) at(routed.rows[i][0], truth[i]) += 1.0;
  const std::vector<int> component_of = best_matching(experts, components, together);
  double right = 0.0;
  for (int e = 0; e < experts; ++e)
    if (component_of[static_cast<std::size_t>(e)] >= 0)
      right += at(e, component_of[static_cast<std::size_t>(e)]);
  return right / static_cast<double>(truth.size());
}

struct RoutingAccuracy final : Metric {
  static constexpr Info kInfo{"routing-accuracy", 1,
                              "Share of examples that go to the expert of their true component.",
                              "Kuhn 1955 (matching)"};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const auto found = e.data->truth.find("assignment");
    if (found == e.data->truth.end() || e.split != "test")
      throw std::runtime_error(
          "routing-accuracy needs data with a known assignment, and their test split");
    std::vector<int> truth;
    for (std::int64_t i = 0; i < found->second.count(); ++i) {
      const double component = found->second.get(i);
      if (!(component >= 0 && component < kMaxExperts && component == std::floor(component)))
        throw std::runtime_error("routing-accuracy: an assignment is no index of a component");
      truth.push_back(static_cast<int>(component));
    }
    const std::vector<Routes> routers = routes(e.statistics(), kInfo.name);
    sink("routing-accuracy",
         mean_over_routers(routers, [&](const Routes& router) { return accuracy(router, truth); }));
  }
};
ASSAY_REGISTER(Metric, RoutingAccuracy);

}  // namespace
}  // namespace assay::metrics
