#include "components/quantizers/super_blocks.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "components/pruners/mask.h"
#include "components/quantizers/bit_string.h"
#include "components/quantizers/grid.h"
#include "components/quantizers/small_floats.h"

namespace assay::quantizers {

namespace {

double rounded(double x, double step, int low, int high) {
  return step == 0.0 ? 0.0 : std::clamp(std::nearbyint(x / step), 1.0 * low, 1.0 * high);
}

// Weighted sums of numbers x and their levels q.
struct Sums {
  double w = 0, x = 0, q = 0, qq = 0, xq = 0;
  void add(double weight, double number, double level) {
    w += weight;
    x += weight * number;
    q += weight * level;
    qq += weight * level * level;
    xq += weight * number * level;
  }
  Line line() const {
    const double determinant = w * qq - q * q;
    if (!(determinant > 0)) return {};
    const Line out{(w * xq - x * q) / determinant, (qq * x - q * xq) / determinant};
    if (out.lowest <= 0) return out;
    return {xq / qq, 0.0};
  }
};

double squared_error(std::span<const double> x, std::span<const double> weights, const Line& line,
                     int most) {
  double out = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double q = rounded(x[i] - line.lowest, line.step, 0, most);
    const double miss = line.lowest + line.step * q - x[i];
    out += weights[i] * miss * miss;
  }
  return out;
}

double from_half(unsigned code) {
  return decode(static_cast<int>(code), kHalf);
}
unsigned to_half(double x) {
  return static_cast<unsigned>(encode(x, kHalf));
}

// The weights of a sub-block that no mask removed, and how much each counts.
struct Part {
  std::vector<double> x, weights;
  double total() const {
    double out = 0.0;
    for (const double w : weights) out += w;
    return out;
  }
};

// Integers that a half-precision number multiplies.
struct Multiples {
  unsigned half = 0;
  std::vector<int> of;
  double at(std::size_t i) const { return from_half(half) * of[i]; }
};

Multiples multiples_of(std::span<const double> x, std::span<const double> weights, int bits,
                       bool one_sided) {
  const int most = one_sided ? (1 << bits) - 1 : 1 << (bits - 1);
  Multiples out{to_half(fit_step(x, weights, most, one_sided)), {}};
  const double step = from_half(out.half);
  for (const double number : x)
    out.of.push_back(static_cast<int>(
        rounded(number, step, one_sided ? 0 : -most, one_sided ? most : most - 1)));
  return out;
}

class Packer {
 public:
  Packer(const nn::Parameter& weight, const SuperBlockFormat& format,
         std::span<const double> importance)
      : weight_(weight),
        format_(format),
        importance_(importance),
        w_(numbers_of(weight)) {}

  std::vector<std::uint8_t> pack() {
    const auto columns = static_cast<std::size_t>(weight_.value.shape().back());
    for (std::size_t row = 0; row < w_.size(); row += columns)
      for (std::size_t first = 0; first < columns; first += kSuperBlock)
        super_block(row, row + first, row + std::min<std::size_t>(first + kSuperBlock, columns));
    return out_.bytes();
  }

 private:
  void super_block(std::size_t row, std::size_t first, std::size_t last) {
    const std::vector<Part> parts = split(row, first, last);
    std::vector<double> steps, lowest, totals;
    for (const Part& part : parts) {
      totals.push_back(part.total());
      if (format_.minima) {
        const Line line = fit_line(part.x, part.weights, (1 << format_.bits) - 1);
        steps.push_back(line.step);
        lowest.push_back(-line.lowest);
      } else {
        steps.push_back(fit_step(part.x, part.weights, 1 << (format_.bits - 1), false));
      }
    }
    const Multiples scales = multiples_of(steps, totals, format_.scale_bits, format_.minima);
    const Multiples minima =
        format_.minima ? multiples_of(lowest, totals, format_.scale_bits, true) : Multiples{};
    write(scales);
    if (format_.minima) write(minima);
    codes(scales, minima, first, last);
  }

  std::vector<Part> split(std::size_t row, std::size_t first, std::size_t last) const {
    double squares = 0.0;
    for (std::size_t i = first; i < last; ++i) squares += w_[i] * w_[i];
    const double mean = 2.0 * squares / static_cast<double>(last - first);
    const auto size = static_cast<std::size_t>(format_.sub_block);
    std::vector<Part> out((last - first + size - 1) / size);
    for (std::size_t i = first; i < last; ++i) {
      if (!there(weight_, static_cast<std::int64_t>(i))) continue;
      Part& part = out[(i - first) / size];
      part.x.push_back(w_[i]);
      part.weights.push_back((importance_.empty() ? 1.0 : importance_[i - row]) *
                             std::sqrt(mean + w_[i] * w_[i]));
    }
    return out;
  }

  void write(const Multiples& multiples) {
    out_.put(multiples.half, 16);
    for (const int number : multiples.of)
      out_.put(static_cast<unsigned>(number), format_.scale_bits);
  }

  // Each weight to the nearest level that the stored scales and minima give.
  void codes(const Multiples& scales, const Multiples& minima, std::size_t first,
             std::size_t last) {
    const int half = 1 << (format_.bits - 1);
    for (std::size_t i = first; i < last; ++i) {
      const std::size_t part = (i - first) / static_cast<std::size_t>(format_.sub_block);
      const double x = there(weight_, static_cast<std::int64_t>(i)) ? w_[i] : 0.0;
      const double q = format_.minima
                           ? rounded(x + minima.at(part), scales.at(part), 0, 2 * half - 1)
                           : rounded(x, scales.at(part), -half, half - 1);
      out_.put(static_cast<unsigned>(static_cast<int>(q)), format_.bits);
    }
  }

  const nn::Parameter& weight_;
  const SuperBlockFormat& format_;
  std::span<const double> importance_;
  std::vector<double> w_;
  BitWriter out_;
};

// Reads what write() wrote for so many sub-blocks.
std::vector<double> read_multiples(BitReader& in, const SuperBlockFormat& format,
                                   std::size_t count) {
  const double step = from_half(in.get(16));
  std::vector<double> out(count);
  for (double& x : out)
    x = step * (format.minima ? static_cast<int>(in.get(format.scale_bits))
                              : in.get_signed(format.scale_bits));
  return out;
}

void unpack_super_block(BitReader& in, const SuperBlockFormat& format, std::span<float> w) {
  const auto size = static_cast<std::size_t>(format.sub_block);
  const std::size_t parts = (w.size() + size - 1) / size;
  const std::vector<double> scales = read_multiples(in, format, parts);
  const std::vector<double> minima =
      format.minima ? read_multiples(in, format, parts) : std::vector<double>(parts);
  for (std::size_t i = 0; i < w.size(); ++i) {
    const int q =
        format.minima ? static_cast<int>(in.get(format.bits)) : in.get_signed(format.bits);
    w[i] = static_cast<float>(scales[i / size] * q - minima[i / size]);
  }
}

}  // namespace

const SuperBlockFormat& super_block_format(int bits) {
  static constexpr std::array<SuperBlockFormat, 5> kFormats{
      {{2, 16, 4, true}, {3, 16, 6, false}, {4, 32, 6, true}, {5, 32, 6, true}, {6, 16, 8, false}}};
  return kFormats.at(static_cast<std::size_t>(bits - 2));
}

Line fit_line(std::span<const double> x, std::span<const double> weights, int most) {
  double low = 0.0, high = 0.0;
  for (const double number : x) {
    low = std::min(low, number);
    high = std::max(high, number);
  }
  if (low == high) return {};
  Line best{(high - low) / most, low};
  double least = squared_error(x, weights, best, most);
  for (int t = 0; t <= 36; ++t) {
    const double step = (high - low) / (most - 0.9 + 0.05 * t);
    Sums sums;
    for (std::size_t i = 0; i < x.size(); ++i)
      sums.add(weights[i], x[i], rounded(x[i] - low, step, 0, most));
    const Line line = sums.line();
    const double error = squared_error(x, weights, line, most);
    if (!(line.step > 0) || error >= least) continue;
    least = error;
    best = line;
  }
  return best;
}

double fit_step(std::span<const double> x, std::span<const double> weights, int most,
                bool one_sided) {
  double largest = 0.0;
  for (const double number : x)
    if (std::abs(number) > std::abs(largest)) largest = number;
  if (largest == 0.0) return 0.0;
  double best = 0.0, gain = 0.0;
  for (int t = -9; t <= 9; ++t) {
    // What is largest goes to -most, which two's complement has and most it has not.
    const double step = (one_sided ? 1.0 : -1.0) * largest / (most + 0.1 * t);
    Sums sums;
    for (std::size_t i = 0; i < x.size(); ++i)
      sums.add(weights[i], x[i],
               rounded(x[i], step, one_sided ? 0 : -most, one_sided ? most : most - 1));
    if (!(sums.qq > 0) || sums.xq * sums.xq / sums.qq <= gain) continue;
    gain = sums.xq * sums.xq / sums.qq;
    best = sums.xq / sums.qq;
  }
  return best;
}

SuperBlocks pack_super_blocks(const nn::Parameter& weight, int bits,
                              std::span<const double> importance) {
  return {weight.value.shape(), bits, Packer(weight, super_block_format(bits), importance).pack()};
}

nn::Tensor unpack_super_blocks(const SuperBlocks& packed, const nn::Tensor& mask) {
  nn::Tensor out(packed.shape);
  const auto w = out.floats();
  const auto columns = static_cast<std::size_t>(packed.shape.back());
  BitReader in(packed.bytes);
  for (std::size_t row = 0; row < w.size(); row += columns)
    for (std::size_t first = 0; first < columns; first += kSuperBlock)
      unpack_super_block(
          in, super_block_format(packed.bits),
          w.subspan(row + first, std::min<std::size_t>(kSuperBlock, columns - first)));
  for (std::size_t i = 0; !mask.empty() && i < w.size(); ++i)
    if (mask.floats()[i] == 0.0F) w[i] = 0.0F;
  return out;
}

}  // namespace assay::quantizers
