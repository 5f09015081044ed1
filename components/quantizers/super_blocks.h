#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "components/nn/parameters.h"

namespace assay::quantizers {

// How llama.cpp's k-quants store 256 weights of a row: sub-blocks of so many weights, each with a
// scale and, in some, a minimum, themselves integers that half-precision numbers d and d_min of the
// super-block multiply: w = d scale q - d_min minimum with q = 0 … 2^bits - 1, or w = d scale q
// with q and scale in two's complement.
struct SuperBlockFormat {
  int bits = 4;
  int sub_block = 32;
  int scale_bits = 6;
  bool minima = true;
};
inline constexpr int kSuperBlock = 256;
// Q2_K … Q6_K, by the bits of a weight. Requires 2 … 6.
const SuperBlockFormat& super_block_format(int bits);

// A weight as it is stored: super-block by super-block d, d_min, scales, minima and codes, without
// gaps. What a row leaves of its last super-block, and that of its last sub-block, is stored as a
// shorter one.
struct SuperBlocks {
  nn::Shape shape;
  int bits = 4;
  std::vector<std::uint8_t> bytes;
};

// Scales and minima are those that leave little squared error, each weight w of column j counting
// importance_j sqrt(2 mean w² + w²), the mean over its super-block. Masked entries do not count.
// `importance`: one for each column, or empty, where all are alike.
SuperBlocks pack_super_blocks(const nn::Parameter& weight, int bits,
                              std::span<const double> importance);
// The numbers; 0 where the mask, if there is one, says so.
nn::Tensor unpack_super_blocks(const SuperBlocks& packed, const nn::Tensor& mask);

// Evenly spaced levels lowest + step q.
struct Line {
  double step = 0.0, lowest = 0.0;
};
// x ~ lowest + step q, q = 0 … most, lowest <= 0: of 38 roundings that with the least squared error
// after its line is fitted, each number counting its weight.
Line fit_line(std::span<const double> x, std::span<const double> weights, int most);
// x ~ step q, q = -most … most - 1, or, where `one_sided`, of numbers >= 0, 0 … most: the step,
// which may be negative.
double fit_step(std::span<const double> x, std::span<const double> weights, int most,
                bool one_sided);

}  // namespace assay::quantizers
