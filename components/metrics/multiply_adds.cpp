// Of the matrix products of one example; pruned weights do not count, unrouted experts neither.
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct MultiplyAdds final : Metric {
  static constexpr Info kInfo{"multiply-adds", 1, "Multiply-adds of one example's forward pass.",
                              ""};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    sink("multiply-adds", e.model->model->multiply_adds(e.model->parameters, e.model->format));
  }
};
ASSAY_REGISTER(Metric, MultiplyAdds);

}  // namespace
}  // namespace assay::metrics
