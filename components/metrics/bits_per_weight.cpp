// Mean of Parameter::bits over all weights; pruned ones count as stored, as in a dense format.
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct BitsPerWeight final : Metric {
  static constexpr Info kInfo{"bits-per-weight", 1, "Stored bits for each weight, scales included.",
                              ""};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    double bits = 0.0, all = 0.0;
    for (const nn::Parameter& p : e.model->parameters) {
      if (p.role != nn::Role::kWeight) continue;
      bits += p.bits * static_cast<double>(p.value.count());
      all += static_cast<double>(p.value.count());
    }
    sink("bits-per-weight", all > 0 ? bits / all : 0.0);
  }
};
ASSAY_REGISTER(Metric, BitsPerWeight);

}  // namespace
}  // namespace assay::metrics
