#include "components/quantizers/packed.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>

#include "components/pruners/mask.h"
#include "components/quantizers/bit_string.h"

namespace assay::quantizers {

namespace {

// Of multiples k of a step, the least and greatest that codes of so many bits reach, 0 being among
// those of asymmetric levels.
struct Reach {
  bool symmetric;
  int bits;
  bool signs_only() const { return symmetric && bits == 1; }
  int levels() const { return (1 << bits) - 1; }
  int most() const { return symmetric ? std::max(1, (1 << (bits - 1)) - 1) : levels(); }
  bool holds(int low, int high) const {
    return symmetric ? std::max(-low, high) <= most() : high - low <= levels();
  }
};

int multiple(double x, double step) {
  return static_cast<int>(std::nearbyint(x / step));
}

// The steps for which a float equals the rounded product k * step lie between two bounds; the
// middle of what all numbers leave is one that serves them all, if any does.
std::optional<double> common_step(std::span<const float> numbers, double about,
                                  const Reach& reach) {
  double low = 0.0, high = std::numeric_limits<double>::infinity();
  int least = 0, greatest = 0;
  for (const float x : numbers) {
    const int k = multiple(x, about);
    if (k == 0) {
      if (x != 0.0F || reach.signs_only()) return {};
      continue;
    }
    least = std::min(least, k);
    greatest = std::max(greatest, k);
    const double size = std::abs(static_cast<double>(x)), times = std::abs(k);
    const double below = std::nextafter(static_cast<float>(size), 0.0F),
                 above = std::nextafter(static_cast<float>(size),
                                        std::numeric_limits<float>::infinity());
    low = std::max(low, 0.5 * (size + below) / times);
    high = std::min(high, 0.5 * (size + above) / times);
  }
  const double step = 0.5 * (low + high);
  if (low > high || !reach.holds(least, greatest)) return {};
  for (const float x : numbers)
    if (static_cast<float>(multiple(x, step) * step) != x) return {};
  return step;
}

// 0 where all numbers are 0.
std::optional<double> find_step(std::span<const float> numbers, const Reach& reach) {
  float most = 0.0F;
  for (const float x : numbers) most = std::max(most, std::abs(x));
  if (most == 0.0F) return 0.0;
  for (int k = 1; k <= reach.most(); ++k)
    if (const auto step = common_step(numbers, static_cast<double>(most) / k, reach)) return step;
  return {};
}

// One symmetric bit is the sign alone.
int code_of(int k, int zero, const Reach& reach) {
  if (!reach.symmetric) return k + zero;
  return reach.signs_only() ? (k < 0 ? 0 : 1) : k + reach.most();
}
int multiple_of(int code, int zero, const Reach& reach) {
  if (!reach.symmetric) return code - zero;
  return reach.signs_only() ? 2 * code - 1 : code - reach.most();
}

}  // namespace

Packed pack(const nn::Parameter& weight, const Grid& layout) {
  Packed out{weight.value.shape(),
             layout.granularity,
             layout.group,
             layout.bits,
             layout.symmetric,
             {},
             {},
             {}};
  const auto w = weight.value.floats();
  BitWriter codes;
  const Reach reach{layout.symmetric, layout.bits};
  const auto columns = static_cast<std::size_t>(out.shape.back());
  std::vector<float> kept;
  for (std::size_t first = 0; first < w.size();) {
    const std::size_t last =
        first + run_length(layout.granularity, layout.group, first, columns, w.size());
    kept.clear();
    for (std::size_t i = first; i < last; ++i)
      if (there(weight, static_cast<std::int64_t>(i))) kept.push_back(w[i]);
    const auto step = find_step(kept, reach);
    if (!step)
      throw std::runtime_error(weight.name + " is on no levels of " + std::to_string(layout.bits) +
                               " bits from number " + std::to_string(first) + " on");
    int zero = 0;
    for (const float x : kept) zero = std::max(zero, *step > 0 ? -multiple(x, *step) : 0);
    out.steps.push_back(*step);
    if (!layout.symmetric) out.zeros.push_back(static_cast<std::uint8_t>(zero));
    for (std::size_t i = first; i < last; ++i) {
      const bool counts = *step > 0 && there(weight, static_cast<std::int64_t>(i));
      codes.put(static_cast<unsigned>(code_of(counts ? multiple(w[i], *step) : 0, zero, reach)),
                layout.bits);
    }
    first = last;
  }
  out.codes = codes.bytes();
  return out;
}

nn::Tensor unpack(const Packed& packed, const nn::Tensor& mask) {
  nn::Tensor out(packed.shape);
  const auto w = out.floats();
  const Reach reach{packed.symmetric, packed.bits};
  const auto columns = static_cast<std::size_t>(packed.shape.back());
  BitReader codes(packed.codes);
  std::size_t run = 0;
  for (std::size_t first = 0; first < w.size(); ++run) {
    const std::size_t last =
        first + run_length(packed.granularity, packed.group, first, columns, w.size());
    for (std::size_t i = first; i < last; ++i) {
      const int code = static_cast<int>(codes.get(packed.bits));
      if (!mask.empty() && mask.floats()[i] == 0.0F) continue;
      const int k = multiple_of(code, packed.symmetric ? 0 : packed.zeros[run], reach);
      w[i] = static_cast<float>(k * packed.steps[run]);
    }
    first = last;
  }
  return out;
}

}  // namespace assay::quantizers
