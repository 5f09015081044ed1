// Mean over examples of |x'| / |x|; examples with x = 0 are left out. Below 1 where codes shrink,
// but also where a part of x is not rebuilt: relative-reconstruction-bias tells the two apart.
#include <cmath>

#include "components/metrics/reconstruction.h"

namespace assay::metrics {
namespace {

struct L2Ratio final : Metric {
  static constexpr Info kInfo{"l2-ratio", 1, "Mean norm of reconstructions over that of inputs.",
                              "dictionary_learning; SAEBench (Karvonen et al. 2025)"};
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    double sum = 0.0, count = 0.0;
    for (const Products& row : products_of(e.targets(), e.reconstruction())) {
      if (!(row.goal > 0)) continue;
      sum += std::sqrt(row.rebuilt / row.goal);
      count += 1.0;
    }
    if (count == 0) throw std::runtime_error("l2-ratio: every example is 0");
    sink("l2-ratio", sum / count);
  }
};
ASSAY_REGISTER(Metric, L2Ratio);

}  // namespace
}  // namespace assay::metrics
