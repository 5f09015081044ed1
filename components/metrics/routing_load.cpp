// Of the assignments that each expert receives over the split: population standard deviation over
// mean (0 when even), and entropy of the shares in nats (log E when even).
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct RoutingLoad final : Metric {
  static constexpr Info kInfo{
      "routing-load", 1, "Balance of the load of experts: coefficient of variation and entropy.",
      "Shazeer et al. 2017, section 4 (CV)"};
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    std::vector<double> load;
    for (const auto& statistic : e.statistics()) {
      if (!statistic.name.ends_with(".load")) continue;
      load.resize(static_cast<std::size_t>(statistic.value.count()));
      for (std::size_t i = 0; i < load.size(); ++i)
        load[i] += statistic.value.get(static_cast<std::int64_t>(i));
    }
    if (load.empty()) throw std::runtime_error("routing-load: the model has no router");
    double total = 0.0, squares = 0.0, entropy = 0.0;
    for (const double x : load) total += x;
    const double mean = total / static_cast<double>(load.size());
    for (const double x : load) {
      squares += (x - mean) * (x - mean);
      if (x > 0) entropy -= x / total * std::log(x / total);
    }
    sink("routing-load-cv", std::sqrt(squares / static_cast<double>(load.size())) / mean);
    sink("routing-load-entropy", entropy);
  }
};
ASSAY_REGISTER(Metric, RoutingLoad);

}  // namespace
}  // namespace assay::metrics
