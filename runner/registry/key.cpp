#include "runner/registry/key.h"

#include <xxhash.h>

#include <charconv>

namespace assay {

Key hash(std::string_view bytes) {
  const XXH128_hash_t h = XXH3_128bits(bytes.data(), bytes.size());
  return {h.high64, h.low64};
}

std::string Key::hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    out[15 - i] = kDigits[(high >> (4 * i)) & 15];
    out[31 - i] = kDigits[(low >> (4 * i)) & 15];
  }
  return out;
}

std::optional<Key> Key::parse(std::string_view hex) {
  if (hex.size() != 32) return std::nullopt;
  Key key;
  const char* middle = hex.data() + 16;
  const auto high = std::from_chars(hex.data(), middle, key.high, 16);
  const auto low = std::from_chars(middle, middle + 16, key.low, 16);
  if (high.ec != std::errc() || low.ec != std::errc() || high.ptr != middle ||
      low.ptr != middle + 16)
    return std::nullopt;
  return key;
}

KeyBuilder& KeyBuilder::add(std::string_view part) {
  add(static_cast<std::uint64_t>(part.size()));
  bytes_.append(part);
  return *this;
}

KeyBuilder& KeyBuilder::add(std::uint64_t part) {
  char raw[8];
  for (int i = 0; i < 8; ++i) raw[i] = static_cast<char>(part >> (8 * i));
  bytes_.append(raw, sizeof raw);
  return *this;
}

KeyBuilder& KeyBuilder::add(const Key& part) {
  return add(part.high).add(part.low);
}

Key KeyBuilder::key() const {
  return hash(bytes_);
}

}  // namespace assay
