// gamma = argmin over g of E |x' / g - x|², which is E |x'|² / E x . x': by how much
// reconstructions are too large as a whole. 1 where no factor would better them, below 1 where they
// shrink.
#include "components/metrics/reconstruction.h"

namespace assay::metrics {
namespace {

struct RelativeReconstructionBias final : Metric {
  static constexpr Info kInfo{"relative-reconstruction-bias", 1,
                              "By which number reconstructions are best divided; 1: none.",
                              "Rajamanoharan et al. 2024, arXiv:2404.16014, eq. 10"};
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    double rebuilt = 0.0, both = 0.0;
    for (const Products& row : products_of(e.targets(), e.reconstruction())) {
      rebuilt += row.rebuilt;
      both += row.both;
    }
    if (both == 0)
      throw std::runtime_error(
          "relative-reconstruction-bias: reconstructions have nothing in common with the inputs");
    sink("relative-reconstruction-bias", rebuilt / both);
  }
};
ASSAY_REGISTER(Metric, RelativeReconstructionBias);

}  // namespace
}  // namespace assay::metrics
