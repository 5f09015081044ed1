#pragma once

#include <cstdint>
#include <vector>

#include "components/quantizers/grid.h"

namespace assay::quantizers {

// A weight on uniform levels as integer codes and the levels' scales. Steps are kept in double, so
// that each number comes back to the bit; Parameter::bits counts 16 bits for each, as a store
// that rounds them would take.
struct Packed {
  nn::Shape shape;
  Granularity granularity = Granularity::kRow;
  int group = 32;
  int bits = 8;
  bool symmetric = true;
  std::vector<std::uint8_t> codes;  // `bits` bits each, lowest first, without gaps
  std::vector<double> steps;        // one for each run of numbers that shares a scale
  std::vector<std::uint8_t> zeros;  // the same; empty where levels are symmetric
};

// Finds levels on which the numbers of each run lie, masked ones aside, from the numbers alone: the
// coarsest that give them back to the bit, the sign of a 0 apart. Throws std::runtime_error naming
// the parameter where there are none of so many bits.
Packed pack(const nn::Parameter& weight, const Grid& layout);
// The numbers; 0 where the mask, if there is one, says so.
nn::Tensor unpack(const Packed& packed, const nn::Tensor& mask);

}  // namespace assay::quantizers
