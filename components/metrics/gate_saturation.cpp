// The share of gates in evaluation that are within `margin` of 0 or 1: where a sigmoid has next to
// no gradient.
#include "components/metrics/gate_values.h"

namespace assay::metrics {
namespace {

struct GateSaturation final : Metric {
  static constexpr Info kInfo{"gate-saturation", 1, "Share of gates that are nearly 0 or 1."};
  double margin = 0.05;

  static void params(Params<GateSaturation>& p) {
    p.add("margin", &GateSaturation::margin).range(0, 0.5).doc("Nearly: at most this far away.");
  }
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    sink("gate-saturation", mean_over_gates(e, [this](double g) {
           return std::min(g, 1.0 - g) <= margin ? 1.0 : 0.0;
         }));
  }
};
ASSAY_REGISTER(Metric, GateSaturation);

}  // namespace
}  // namespace assay::metrics
