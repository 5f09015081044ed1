#include "components/metrics/segmentation.h"

#include <map>

namespace assay {

namespace {

// The slot of each pixel for the examples of one batch: masks are examples x slots x pixels.
void append_found(const nn::Tensor& masks, std::vector<Segmentation>& out) {
  const int n = masks.shape()[0], slots = masks.shape()[1], pixels = masks.shape()[2];
  for (int b = 0; b < n; ++b) {
    Segmentation image;
    for (int i = 0; i < pixels; ++i) {
      const auto mask = [&](int slot) {
        return masks.get((std::int64_t{b} * slots + slot) * pixels + i);
      };
      int best = 0;
      for (int slot = 1; slot < slots; ++slot)
        if (mask(slot) > mask(best)) best = slot;
      image.found.push_back(best);
    }
    out.push_back(std::move(image));
  }
}

double pairs(double n) {
  return n * (n - 1) / 2;
}

}  // namespace

std::vector<Segmentation> segmentations(Evaluation& e, std::string_view metric) {
  const std::string name(metric);
  const auto masks = e.data->truth.find("masks");
  if (masks == e.data->truth.end() || e.split != "test")
    throw std::runtime_error(name + " needs the test split of data with known masks");
  std::vector<Segmentation> out;
  for (const auto& statistic : e.statistics())
    if (statistic.name.ends_with(".masks") && statistic.value.shape().rank() == 3)
      append_found(statistic.value, out);
  if (out.empty()) throw std::runtime_error(name + ": the model gives no masks");
  const nn::Tensor& truth = masks->second;
  const std::size_t pixels = out.front().found.size();
  if (truth.shape() != nn::Shape{static_cast<int>(out.size()), static_cast<int>(pixels)})
    throw std::runtime_error(name + ": masks of " + std::to_string(out.size()) + " images of " +
                             std::to_string(pixels) + " pixels, and known ones of " +
                             truth.shape().text());
  for (std::size_t i = 0; i < out.size(); ++i)
    for (std::size_t j = 0; j < pixels; ++j)
      out[i].truth.push_back(
          static_cast<int>(truth.get(static_cast<std::int64_t>(i * pixels + j))));
  return out;
}

double adjusted_rand_index(std::span<const int> a, std::span<const int> b) {
  std::map<std::pair<int, int>, double> both;
  std::map<int, double> of_a, of_b;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ++both[{a[i], b[i]}];
    ++of_a[a[i]];
    ++of_b[b[i]];
  }
  double together = 0.0, in_a = 0.0, in_b = 0.0;
  for (const auto& [key, count] : both) together += pairs(count);
  for (const auto& [key, count] : of_a) in_a += pairs(count);
  for (const auto& [key, count] : of_b) in_b += pairs(count);
  const double all = pairs(static_cast<double>(a.size()));
  const double chance = all > 0 ? in_a * in_b / all : 0.0, most = (in_a + in_b) / 2;
  return most == chance ? 1.0 : (together - chance) / (most - chance);
}

}  // namespace assay
