#pragma once

namespace assay::quantizers {

// A floating-point format of few bits: sign, exponent, mantissa; subnormal numbers where the
// exponent is 0. `largest` is the largest finite number; codes above it are infinity or NaN.
struct FloatFormat {
  int exponent_bits = 4;
  int mantissa_bits = 3;
  int bias = 7;
  double largest = 448.0;
  bool infinities = false;
  int bits() const { return 1 + exponent_bits + mantissa_bits; }
};
// Open Compute Project, OCP 8-bit floating point specification 1.0 (2023), table 1.
inline constexpr FloatFormat kE4m3{4, 3, 7, 448.0, false}, kE5m2{5, 2, 15, 57344.0, true};
// Open Compute Project, microscaling formats 1.0 (2023), section 5.3.
inline constexpr FloatFormat kE2m1{2, 1, 1, 6.0, false}, kE2m3{2, 3, 1, 7.5, false},
    kE3m2{3, 2, 3, 28.0, false};
// IEEE 754 binary16.
inline constexpr FloatFormat kHalf{5, 10, 15, 65504.0, true};

// What a code of format.bits() bits stands for.
double decode(int code, const FloatFormat& format);
// The code of the nearest number, ties to the even code. Beyond the largest it saturates. Requires
// a number that is not NaN.
int encode(double x, const FloatFormat& format);

}  // namespace assay::quantizers
