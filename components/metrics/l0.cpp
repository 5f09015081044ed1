// Mean over examples of the number of codes that are not 0.
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct L0 final : Metric {
  static constexpr Info kInfo{"l0", 1, "Mean number of active latents.", "Bricken et al. 2023"};
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor& codes = e.codes();
    double active = 0.0;
    for (std::int64_t i = 0; i < codes.count(); ++i) active += codes.get(i) != 0.0 ? 1.0 : 0.0;
    sink("l0", active / static_cast<double>(codes.shape().rows()));
  }
};
ASSAY_REGISTER(Metric, L0);

}  // namespace
}  // namespace assay::metrics
