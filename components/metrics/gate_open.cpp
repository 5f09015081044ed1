// Of the values of all gates in evaluation.
#include "components/metrics/gate_values.h"

namespace assay::metrics {
namespace {

struct GateOpen final : Metric {
  static constexpr Info kInfo{"gate-open", 1,
                              "Share of gates that are open (above one half), and their mean.",
                              "Louizos et al. 2018"};
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    sink("gate-open-share", mean_over_gates(e, [](double g) { return g > 0.5 ? 1.0 : 0.0; }));
    sink("gate-open-mean", mean_over_gates(e, [](double g) { return g; }));
  }
};
ASSAY_REGISTER(Metric, GateOpen);

}  // namespace
}  // namespace assay::metrics
