// Mean number of model calls that a sample took.
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct FunctionEvaluations final : Metric {
  static constexpr Info kInfo{"function-evaluations", 1, "Model calls for each sample.", ""};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "samples"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    sink("function-evaluations", e.samples->function_evaluations);
  }
};
ASSAY_REGISTER(Metric, FunctionEvaluations);

}  // namespace
}  // namespace assay::metrics
