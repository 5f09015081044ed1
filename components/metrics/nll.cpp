// Mean of -log p(label) over the examples and positions that have a label, in nats.
#include <cmath>

#include "components/metrics/likelihood.h"

namespace assay::metrics {
namespace {

struct Nll final : Metric {
  static constexpr Info kInfo{"nll", 1, "Mean negative log-likelihood of the labels, in nats.", ""};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override { sink("nll", mean_nll(e, "nll")); }
};
ASSAY_REGISTER(Metric, Nll);

}  // namespace
}  // namespace assay::metrics
