// Zeros among the weights (Role::kWeight), whoever made them zero.
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct Sparsity final : Metric {
  static constexpr Info kInfo{"sparsity", 1, "Share of the weights that are exactly zero.", ""};
  std::string_view needs() const override { return "model"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    double zeros = 0.0, all = 0.0;
    for (const nn::Parameter& p : e.model->parameters) {
      if (p.role != nn::Role::kWeight) continue;
      for (std::int64_t i = 0; i < p.value.count(); ++i) zeros += p.value.get(i) == 0.0 ? 1.0 : 0.0;
      all += static_cast<double>(p.value.count());
    }
    sink("sparsity", all > 0 ? zeros / all : 0.0);
  }
};
ASSAY_REGISTER(Metric, Sparsity);

}  // namespace
}  // namespace assay::metrics
