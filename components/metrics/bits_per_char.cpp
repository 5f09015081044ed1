// Mean of -log2 p(next character).
#include <cmath>

#include "components/metrics/likelihood.h"

namespace assay::metrics {
namespace {

struct BitsPerChar final : Metric {
  static constexpr Info kInfo{"bits-per-char", 1,
                              "Mean negative log-likelihood of the next character, in bits.", ""};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    sink("bits-per-char", mean_nll(e, "bits-per-char") / std::log(2.0));
  }
};
ASSAY_REGISTER(Metric, BitsPerChar);

}  // namespace
}  // namespace assay::metrics
