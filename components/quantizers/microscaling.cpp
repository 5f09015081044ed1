#include "components/quantizers/microscaling.h"

#include <algorithm>
#include <cmath>

#include "components/pruners/mask.h"
#include "components/quantizers/bit_string.h"
#include "components/quantizers/grid.h"
#include "components/quantizers/small_floats.h"

namespace assay::quantizers {

namespace {

constexpr int kScaleBias = 127;  // of E8M0, whose code 255 is NaN

const FloatFormat& float_format(MxFormat format) {
  switch (format) {
    case MxFormat::kFp8E4m3:
      return kE4m3;
    case MxFormat::kFp8E5m2:
      return kE5m2;
    case MxFormat::kFp6E2m3:
      return kE2m3;
    case MxFormat::kFp6E3m2:
      return kE3m2;
    default:
      return kE2m1;
  }
}

int scale_exponent(double most, MxFormat format) {
  if (most == 0.0) return -kScaleBias;
  return std::clamp(std::ilogb(most) - largest_exponent(format), -kScaleBias, kScaleBias);
}

}  // namespace

int element_bits(MxFormat format) {
  return format == MxFormat::kInt8 ? 8 : float_format(format).bits();
}

int largest_exponent(MxFormat format) {
  return format == MxFormat::kInt8 ? 0 : std::ilogb(float_format(format).largest);
}

// INT8 is two's complement in steps of 2^-6; -2, which has no counterpart, is left out, as section
// 5.3.4 allows.
unsigned encode_element(double x, MxFormat format) {
  if (format != MxFormat::kInt8) return static_cast<unsigned>(encode(x, float_format(format)));
  const auto steps = static_cast<int>(std::clamp(std::nearbyint(x * 64.0), -127.0, 127.0));
  return static_cast<unsigned>(steps) & 0xFFU;
}

double decode_element(unsigned code, MxFormat format) {
  if (format != MxFormat::kInt8) return decode(static_cast<int>(code), float_format(format));
  return (static_cast<int>(code) - (code >= 128 ? 256 : 0)) / 64.0;
}

MxPacked mx_pack(const nn::Parameter& weight, MxFormat format, int block) {
  const std::vector<double> w = numbers_of(weight);
  const auto columns = static_cast<std::size_t>(weight.value.shape().back());
  BitWriter out;
  for (std::size_t first = 0; first < w.size();) {
    const std::size_t last =
        first + run_length(Granularity::kGroup, block, first, columns, w.size());
    const auto kept = [&](std::size_t i) {
      return there(weight, static_cast<std::int64_t>(i)) ? w[i] : 0.0;
    };
    double most = 0.0;
    for (std::size_t i = first; i < last; ++i) most = std::max(most, std::abs(kept(i)));
    const int exponent = scale_exponent(most, format);
    out.put(static_cast<unsigned>(exponent + kScaleBias), 8);
    for (std::size_t i = first; i < last; ++i)
      out.put(encode_element(std::ldexp(kept(i), -exponent), format), element_bits(format));
    first = last;
  }
  return {weight.value.shape(), format, block, out.bytes()};
}

nn::Tensor mx_unpack(const MxPacked& packed, const nn::Tensor& mask) {
  nn::Tensor out(packed.shape);
  const auto w = out.floats();
  const auto columns = static_cast<std::size_t>(packed.shape.back());
  BitReader in(packed.bytes);
  for (std::size_t first = 0; first < w.size();) {
    const std::size_t last =
        first + run_length(Granularity::kGroup, packed.block, first, columns, w.size());
    const int exponent = static_cast<int>(in.get(8)) - kScaleBias;
    for (std::size_t i = first; i < last; ++i) {
      const double x = decode_element(in.get(element_bits(packed.format)), packed.format);
      if (!mask.empty() && mask.floats()[i] == 0.0F) continue;
      w[i] = static_cast<float>(std::ldexp(x, exponent));
    }
    first = last;
  }
  return out;
}

}  // namespace assay::quantizers
