// For each object of an image the largest intersection over union of its pixels with those of a
// slot; the mean over objects, then over the images that show any.
#include <algorithm>
#include <map>

#include "components/metrics/segmentation.h"

namespace assay::metrics {
namespace {

double best_overlap(const Segmentation& image, int object) {
  std::map<int, double> shared, slot;
  double size = 0.0, best = 0.0;
  for (std::size_t i = 0; i < image.truth.size(); ++i) {
    slot[image.found[i]] += 1.0;
    if (image.truth[i] != object) continue;
    shared[image.found[i]] += 1.0;
    size += 1.0;
  }
  for (const auto& [which, count] : shared)
    best = std::max(best, count / (size + slot[which] - count));
  return best;
}

struct MeanBestIou final : Metric {
  static constexpr Info kInfo{"mean-best-iou", 1, "Mean best overlap of each object with a slot.",
                              "Pont-Tuset et al. 2017 (mean best overlap)"};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    double sum = 0.0, images = 0.0;
    for (const Segmentation& image : segmentations(e, kInfo.name)) {
      std::vector<int> objects = image.truth;
      std::sort(objects.begin(), objects.end());
      objects.erase(std::unique(objects.begin(), objects.end()), objects.end());
      std::erase(objects, 0);
      if (objects.empty()) continue;
      double of_image = 0.0;
      for (const int object : objects) of_image += best_overlap(image, object);
      sum += of_image / static_cast<double>(objects.size());
      images += 1.0;
    }
    if (images == 0.0) throw std::runtime_error("mean-best-iou: no image shows an object");
    sink("mean-best-iou", sum / images);
  }
};
ASSAY_REGISTER(Metric, MeanBestIou);

}  // namespace
}  // namespace assay::metrics
