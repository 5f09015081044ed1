// Round to nearest: each group of weights shares a scale s (and an offset z when asymmetric).
//   symmetric:  q = clamp(round(w / s), -m, m), m = 2^(b-1) - 1, s = max|w| / m; b = 1: w ->
//   ±mean|w| asymmetric: q = round((w - min) / s) in 0 … 2^b - 1, s = (max - min) / (2^b - 1)
// The asymmetric range always contains 0, so that pruned weights stay exactly 0. Scales and offsets
// count 16 bits each. Nagel et al. 2021, section 2; the 1-bit case as in Rastegari et al. 2016.
#include <cmath>

#include "components/quantizers/quantizer.h"

namespace assay::quantizers {
namespace {

constexpr double kScaleBits = 16.0;

struct RoundToNearest final : Quantizer {
  enum class Granularity { kTensor, kRow, kGroup };
  static constexpr Info kInfo{
      "round-to-nearest", 2, "Rounds weights to the nearest of 2^bits levels.",
      "Nagel et al. 2021, arXiv:2106.08295, section 2; 1 bit: Rastegari et al. 2016"};
  int bits = 8;
  Granularity granularity = Granularity::kRow;
  int group = 32;
  bool symmetric = true;

  static void params(Params<RoundToNearest>& p) {
    p.add("bits", &RoundToNearest::bits).range(1, 8).unit("bits").doc("For each weight.");
    p.add("granularity", &RoundToNearest::granularity, {"tensor", "row", "group"})
        .doc("What shares a scale.");
    p.add("group", &RoundToNearest::group)
        .range(1, 65536)
        .unit("weights")
        .doc("Of a row that share a scale, with granularity group.");
    p.add("symmetric", &RoundToNearest::symmetric)
        .doc("Levels symmetric about 0; else from minimum to maximum.");
  }

  void quantize_span(std::span<float> w, const nn::Parameter& p, std::size_t first) const {
    double low = 0.0, high = 0.0, sum = 0.0;
    std::int64_t kept = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      if (!p.mask.empty() && p.mask.floats()[first + i] == 0.0F) continue;
      low = std::min(low, static_cast<double>(w[i]));
      high = std::max(high, static_cast<double>(w[i]));
      sum += std::abs(static_cast<double>(w[i]));
      ++kept;
    }
    for (std::size_t i = 0; i < w.size(); ++i) {
      if (!p.mask.empty() && p.mask.floats()[first + i] == 0.0F) continue;
      w[i] =
          static_cast<float>(level(w[i], low, high, kept ? sum / static_cast<double>(kept) : 0.0));
    }
  }

  double level(double w, double low, double high, double mean) const {
    if (symmetric && bits == 1) return w < 0 ? -mean : mean;
    if (symmetric) {
      const double most = (1 << (bits - 1)) - 1;
      const double s = std::max(-low, high) / most;
      return s > 0 ? std::clamp(std::nearbyint(w / s), -most, most) * s : 0.0;
    }
    const double levels = (1 << bits) - 1;
    const double s = (high - low) / levels;
    if (!(s > 0)) return 0.0;
    // The offset is itself one of the levels, so that 0 is one too. Halves go away from 0: both
    // ends of a range whose 0 lies half way between levels going to even would lose the last level.
    const double zero = std::round(-low / s);
    return (std::clamp(std::round(w / s) + zero, 0.0, levels) - zero) * s;
  }

  void quantize(TrainedModel& model, const Examples& /*calibration*/,
                Stream /*stream*/) const override {
    for (nn::Parameter& p : model.parameters) {
      if (p.role != nn::Role::kWeight) continue;
      const auto w = p.value.floats();
      const auto columns = static_cast<std::size_t>(p.value.shape().back());
      std::size_t groups = 0;
      for (std::size_t row = 0; row < w.size();) {
        std::size_t size = w.size();
        if (granularity == Granularity::kRow) size = columns;
        if (granularity == Granularity::kGroup)
          size = std::min(static_cast<std::size_t>(group), columns - row % columns);
        quantize_span(w.subspan(row, size), p, row);
        row += size;
        ++groups;
      }
      const double overhead = kScaleBits * (symmetric ? 1.0 : 2.0) * static_cast<double>(groups);
      p.bits = bits + overhead / static_cast<double>(p.value.count());
    }
  }
};
ASSAY_REGISTER(Quantizer, RoundToNearest);

}  // namespace
}  // namespace assay::quantizers
