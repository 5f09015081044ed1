// sum_ij (x - x')² over sum_ij (x - mean_j)²: the squared error as a share of that of predicting
// the mean. 1 - it is the pooled explained variance.
#include "components/metrics/regression.h"

namespace assay::metrics {
namespace {

struct NormalisedMse final : Metric {
  static constexpr Info kInfo{"normalised-mse", 1,
                              "Squared error over that of predicting the mean.",
                              "Gao et al. 2024, arXiv:2406.04093, section 2.1"};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const Variance sums = variance_of(e.targets(), e.reconstruction());
    if (!(sums.total > 0)) throw std::runtime_error("normalised-mse: every example is the same");
    sink("normalised-mse", sums.residual / sums.total);
  }
};
ASSAY_REGISTER(Metric, NormalisedMse);

}  // namespace
}  // namespace assay::metrics
