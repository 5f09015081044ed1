// sum_ij (x - x')² over sum_ij (x - mean_j)²: the squared error as a share of that of predicting
// the mean. 1 - it is the pooled explained variance.
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct NormalisedMse final : Metric {
  static constexpr Info kInfo{"normalised-mse", 1,
                              "Squared error over that of predicting the mean.",
                              "Gao et al. 2024, arXiv:2406.04093, section 2.1"};
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor &x = e.targets(), &y = e.reconstruction();
    const int n = static_cast<int>(x.shape().rows()), d = x.shape().back();
    double residual = 0.0, total = 0.0;
    for (int j = 0; j < d; ++j) {
      double mean = 0.0;
      for (int i = 0; i < n; ++i) mean += x.at(i, j) / n;
      for (int i = 0; i < n; ++i) {
        residual += std::pow(x.at(i, j) - y.at(i, j), 2);
        total += std::pow(x.at(i, j) - mean, 2);
      }
    }
    if (!(total > 0)) throw std::runtime_error("normalised-mse: every example is the same");
    sink("normalised-mse", residual / total);
  }
};
ASSAY_REGISTER(Metric, NormalisedMse);

}  // namespace
}  // namespace assay::metrics
