// The mean over all gates in evaluation of -g log2 g - (1 - g) log2(1 - g): 0 where every gate is
// fully open or closed, 1 where all are halfway. It is of values, not of the probabilities behind
// them: hardened gates have none.
#include <cmath>

#include "components/metrics/gate_values.h"

namespace assay::metrics {
namespace {

double information(double p) {
  return p > 0 ? -p * std::log2(p) : 0.0;
}

struct GateEntropy final : Metric {
  static constexpr Info kInfo{"gate-entropy", 1, "Mean binary entropy of gate values, in bits.",
                              "Shannon 1948"};
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    sink("gate-entropy",
         mean_over_gates(e, [](double g) { return information(g) + information(1.0 - g); }));
  }
};
ASSAY_REGISTER(Metric, GateEntropy);

}  // namespace
}  // namespace assay::metrics
