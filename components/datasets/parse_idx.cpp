#include <bit>

#include "components/datasets/arrays.h"

namespace assay {

namespace {

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t out = 0;
  for (const char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
  return out;
}

// Bytes of a number of each type; 0 for what is no type.
std::size_t size_of(int code) {
  if (code == 0x08 || code == 0x09) return 1;
  if (code == 0x0B) return 2;
  if (code == 0x0C || code == 0x0D) return 4;
  return code == 0x0E ? 8 : 0;
}

[[noreturn]] void bad(const std::string& what, const std::string& why) {
  throw std::runtime_error(what + " is no IDX file: " + why);
}

template <class T, class Convert>
Array converted(std::string_view data, std::size_t size, std::vector<std::int64_t> shape,
                const Convert& convert) {
  std::vector<T> out(data.size() / size);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = convert(big_endian(data.substr(i * size, size)));
  return Array::of<T>(out, std::move(shape));
}

// Small integers are widened: arrays have none.
Array convert_all(std::string_view data, int code, std::size_t size,
                  const std::vector<std::int64_t>& shape) {
  switch (code) {
    case 0x08:
      return converted<std::uint8_t>(data, size, shape,
                                     [](auto x) { return static_cast<std::uint8_t>(x); });
    case 0x09:
      return converted<std::int32_t>(data, size, shape, [](auto x) {
        return static_cast<std::int32_t>(x) - (x > 127 ? 256 : 0);
      });
    case 0x0B:
      return converted<std::int32_t>(data, size, shape,
                                     [](auto x) { return static_cast<std::int16_t>(x); });
    case 0x0C:
      return converted<std::int32_t>(data, size, shape,
                                     [](auto x) { return static_cast<std::int32_t>(x); });
    case 0x0D:
      return converted<float>(data, size, shape, [](auto x) {
        return std::bit_cast<float>(static_cast<std::uint32_t>(x));
      });
    default:
      return converted<double>(data, size, shape, [](auto x) { return std::bit_cast<double>(x); });
  }
}

}  // namespace

Array parse_idx(std::string_view bytes, const std::string& what) {
  if (bytes.size() < 4 || bytes[0] != 0 || bytes[1] != 0) bad(what, "it begins otherwise");
  const int code = static_cast<unsigned char>(bytes[2]);
  const std::size_t rank = static_cast<unsigned char>(bytes[3]);
  const std::size_t size = size_of(code);
  if (size == 0) bad(what, "type " + std::to_string(code) + " is unknown");
  if (rank < 1 || rank > 4) bad(what, std::to_string(rank) + " dimensions; allowed: 1 to 4");
  if (bytes.size() < 4 + 4 * rank) bad(what, "it ends within its header");
  const std::string_view data = bytes.substr(4 + 4 * rank);
  std::vector<std::int64_t> shape;
  std::uint64_t count = 1;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::uint64_t extent = big_endian(bytes.substr(4 + 4 * i, 4));
    if (!fits_into(count, extent, data.size())) bad(what, "its sizes do not fit its data");
    count *= extent;
    shape.push_back(static_cast<std::int64_t>(extent));
  }
  if (!fits_into(count, size, data.size()) || count * size != data.size())
    bad(what, "its sizes do not fit its data");
  return convert_all(data, code, size, shape);
}

}  // namespace assay
