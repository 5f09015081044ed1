// Of the values of all gates in evaluation.
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct GateOpen final : Metric {
  static constexpr Info kInfo{"gate-open", 1,
                              "Share of gates that are open (above one half), and their mean.",
                              "Louizos et al. 2018"};
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    double open = 0.0, sum = 0.0, all = 0.0;
    for (const auto& statistic : e.statistics()) {
      if (!statistic.name.ends_with(".open")) continue;
      for (std::int64_t i = 0; i < statistic.value.count(); ++i) {
        open += statistic.value.get(i) > 0.5 ? 1.0 : 0.0;
        sum += statistic.value.get(i);
        all += 1.0;
      }
    }
    // A model without gates is one whose gates are all open: the neutral element.
    sink("gate-open-share", all > 0 ? open / all : 1.0);
    sink("gate-open-mean", all > 0 ? sum / all : 1.0);
  }
};
ASSAY_REGISTER(Metric, GateOpen);

}  // namespace
}  // namespace assay::metrics
