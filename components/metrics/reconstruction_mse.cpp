// Mean over all entries of (x - x')²; as "reconstruction-mse-summed", the mean over examples of the
// sum over entries, which others call the same.
#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct ReconstructionMse final : Metric {
  static constexpr Info kInfo{"reconstruction-mse", 1,
                              "Mean squared error of reconstructions, by entry and by example.",
                              "Gao et al. 2024, arXiv:2406.04093, section 2.1"};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor &x = e.targets(), &back = e.reconstruction();
    double total = 0.0;
    for (std::int64_t i = 0; i < x.count(); ++i)
      total += (x.get(i) - back.get(i)) * (x.get(i) - back.get(i));
    sink("reconstruction-mse", total / static_cast<double>(x.count()));
    sink("reconstruction-mse-summed", total / static_cast<double>(x.shape().rows()));
  }
};
ASSAY_REGISTER(Metric, ReconstructionMse);

}  // namespace
}  // namespace assay::metrics
