#pragma once

#include <cstdint>
#include <vector>

#include "components/nn/parameters.h"

namespace assay::quantizers {

// The concrete formats of Open Compute Project, microscaling formats 1.0 (2023), table 1.
enum class MxFormat { kFp8E4m3, kFp8E5m2, kFp6E2m3, kFp6E3m2, kFp4, kInt8 };
inline constexpr std::string_view kMxFormatNames[] = {"fp8-e4m3", "fp8-e5m2", "fp6-e2m3",
                                                      "fp6-e3m2", "fp4",      "int8"};

// Bits of an element, and the exponent of the largest power of two among its numbers.
int element_bits(MxFormat format);
int largest_exponent(MxFormat format);
// The code of the nearest element, ties to even, saturating; and what a code stands for.
unsigned encode_element(double x, MxFormat format);
double decode_element(unsigned code, MxFormat format);

// A weight as it is stored: for each block of a row its scale (E8M0: 2^(code - 127), 8 bits), then
// its elements; the last block of a row holds what is left.
struct MxPacked {
  nn::Shape shape;
  MxFormat format = MxFormat::kFp4;
  int block = 32;
  std::vector<std::uint8_t> bytes;
};

// By the conversion of section 6.3: the scale is 2^(floor(log2 max|w|) - largest exponent), clamped
// to what E8M0 holds. Masked entries are elements of 0.
MxPacked mx_pack(const nn::Parameter& weight, MxFormat format, int block);
// The numbers; 0 where the mask, if there is one, says so.
nn::Tensor mx_unpack(const MxPacked& packed, const nn::Tensor& mask);

}  // namespace assay::quantizers
