#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace assay::quantizers {

// Codes of a few bits each in bytes, one after the other without gaps, lowest bits first.
class BitWriter {
 public:
  void put(unsigned code, int bits);
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

// Reads them in the order in which they were put; the bytes must outlive it.
class BitReader {
 public:
  explicit BitReader(const std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}
  unsigned get(int bits);
  // Of a number in two's complement.
  int get_signed(int bits);

 private:
  const std::vector<std::uint8_t>& bytes_;
  std::size_t at_ = 0;
};

}  // namespace assay::quantizers
