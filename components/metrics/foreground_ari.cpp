// The adjusted Rand index of slots and objects over the pixels of objects alone, averaged over the
// images that show any.
#include "components/metrics/segmentation.h"

namespace assay::metrics {
namespace {

struct ForegroundAri final : Metric {
  static constexpr Info kInfo{"foreground-ari", 1,
                              "Adjusted Rand index of slots and objects, background left out.",
                              "Locatello et al. 2020, arXiv:2006.15055, section 4.1; index: Hubert "
                              "and Arabie 1985"};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    double sum = 0.0, images = 0.0;
    for (const Segmentation& image : segmentations(e, kInfo.name)) {
      std::vector<int> truth, found;
      for (std::size_t i = 0; i < image.truth.size(); ++i) {
        if (image.truth[i] == 0) continue;
        truth.push_back(image.truth[i]);
        found.push_back(image.found[i]);
      }
      if (truth.empty()) continue;
      sum += adjusted_rand_index(truth, found);
      images += 1.0;
    }
    if (images == 0.0) throw std::runtime_error("foreground-ari: no image shows an object");
    sink("foreground-ari", sum / images);
  }
};
ASSAY_REGISTER(Metric, ForegroundAri);

}  // namespace
}  // namespace assay::metrics
