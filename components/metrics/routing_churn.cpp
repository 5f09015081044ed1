// Of the assignments (row, expert) that compute something in the model or in its reference, the
// share that the other one lacks: 1 - 2 |A and B| / (|A| + |B|), over the split; 0 where both route
// alike, 1 where no row keeps an expert. With a model of fewer steps as the reference it is the
// fluctuation of routing in training; experts are told apart by their index, so models of another
// seed differ at random. Mean over the routers of the model.
#include "components/metrics/routing.h"

namespace assay::metrics {
namespace {

double churn(const Routes& a, const Routes& b) {
  double common = 0.0, all = 0.0;
  for (std::size_t i = 0; i < a.rows.size(); ++i) {
    for (const int expert : a.rows[i]) {
      if (expert < 0) continue;
      all += 1.0;
      common += std::count(b.rows[i].begin(), b.rows[i].end(), expert) > 0 ? 1.0 : 0.0;
    }
    all += static_cast<double>(
        std::count_if(b.rows[i].begin(), b.rows[i].end(), [](int expert) { return expert >= 0; }));
  }
  return all > 0 ? 1.0 - 2.0 * common / all : 0.0;
}

struct RoutingChurn final : Metric {
  static constexpr Info kInfo{"routing-churn", 1,
                              "Share of assignments that differ from those of a reference model.",
                              "Dai et al. 2022, arXiv:2204.08396, section 3 (fluctuation)"};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model data reference"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const std::vector<Routes> own = routes(e.statistics(), kInfo.name),
                              other = routes(e.reference_statistics(), kInfo.name);
    bool alike = own.size() == other.size();
    for (std::size_t i = 0; alike && i < own.size(); ++i)
      alike = own[i].router == other[i].router && own[i].rows.size() == other[i].rows.size();
    if (!alike)
      throw std::runtime_error("routing-churn: the reference has other routers than the model");
    double sum = 0.0;
    for (std::size_t i = 0; i < own.size(); ++i) sum += churn(own[i], other[i]);
    sink("routing-churn", sum / static_cast<double>(own.size()));
  }
};
ASSAY_REGISTER(Metric, RoutingChurn);

}  // namespace
}  // namespace assay::metrics
