#include "components/quantizers/bit_string.h"

namespace assay::quantizers {

void BitWriter::put(unsigned code, int bits) {
  for (int b = 0; b < bits; ++b, ++at_) {
    if (at_ % 8 == 0) bytes_.push_back(0);
    if ((code >> b) & 1U)
      bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | (1U << (at_ % 8)));
  }
}

unsigned BitReader::get(int bits) {
  unsigned out = 0;
  for (int b = 0; b < bits; ++b, ++at_)
    out |= ((static_cast<unsigned>(bytes_.at(at_ / 8)) >> (at_ % 8)) & 1U) << b;
  return out;
}

int BitReader::get_signed(int bits) {
  const auto code = static_cast<int>(get(bits));
  return code >= 1 << (bits - 1) ? code - (1 << bits) : code;
}

}  // namespace assay::quantizers
