#include "components/quantizers/small_floats.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::quantizers {

double decode(int code, const FloatFormat& format) {
  const int mantissa = code & ((1 << format.mantissa_bits) - 1);
  const int exponent = (code >> format.mantissa_bits) & ((1 << format.exponent_bits) - 1);
  const double sign = (code >> (format.bits() - 1)) & 1 ? -1.0 : 1.0;
  const double fraction = std::ldexp(mantissa, -format.mantissa_bits);
  const double size = exponent == 0 ? std::ldexp(fraction, 1 - format.bias)
                                    : std::ldexp(1.0 + fraction, exponent - format.bias);
  if (size <= format.largest) return sign * size;
  if (format.infinities && mantissa == 0) return sign * std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

int encode(double x, const FloatFormat& format) {
  const int sign = std::signbit(x) ? 1 << (format.bits() - 1) : 0;
  const double size = std::min(std::abs(x), format.largest);
  // Numbers of one exponent are evenly spaced, and subnormal ones as those of the lowest exponent.
  const int least = 1 - format.bias;
  const int exponent = size > 0 ? std::max(std::ilogb(size), least) : least;
  const double steps = std::nearbyint(std::ldexp(size, format.mantissa_bits - exponent));
  // A mantissa that rounds up to the next power carries into the exponent, as codes are ordered.
  return sign | (((exponent - least) << format.mantissa_bits) + static_cast<int>(steps));
}

}  // namespace assay::quantizers
