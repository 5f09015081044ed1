// Numbers in all parameters that no mask removed.
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct ParameterCount final : Metric {
  static constexpr Info kInfo{"parameter-count", 1,
                              "Numbers in all parameters, pruned ones not counted.", ""};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    double count = 0.0;
    for (const nn::Parameter& p : e.model->parameters)
      for (std::int64_t i = 0; i < p.value.count(); ++i)
        count += p.mask.empty() || p.mask.get(i) != 0.0 ? 1.0 : 0.0;
    sink("parameter-count", count);
  }
};
ASSAY_REGISTER(Metric, ParameterCount);

}  // namespace
}  // namespace assay::metrics
