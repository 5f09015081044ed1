// Mean over examples of x . x' / (|x| |x'|); one of which either is 0 counts 0.
#include <cmath>

#include "components/metrics/reconstruction.h"

namespace assay::metrics {
namespace {

struct ReconstructionCosine final : Metric {
  static constexpr Info kInfo{"reconstruction-cosine", 1,
                              "Mean cosine of inputs with their reconstructions.",
                              "dictionary_learning; SAEBench (Karvonen et al. 2025)"};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const std::vector<Products> rows = products_of(e.targets(), e.reconstruction());
    double sum = 0.0;
    for (const Products& row : rows)
      if (row.goal > 0 && row.rebuilt > 0)
        sum += row.both / (std::sqrt(row.goal) * std::sqrt(row.rebuilt));
    sink("reconstruction-cosine", sum / static_cast<double>(rows.size()));
  }
};
ASSAY_REGISTER(Metric, ReconstructionCosine);

}  // namespace
}  // namespace assay::metrics
