#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace assay {

// A 128-bit content key (XXH3). Equal key = equal result, for stages, artifacts and cells.
struct Key {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const Key&) const = default;
  std::string hex() const;  // 32 lower-case digits
  static std::optional<Key> parse(std::string_view hex);
};

Key hash(std::string_view bytes);

// Builds a key from parts; every part is framed by its length, so parts cannot run together.
class KeyBuilder {
 public:
  KeyBuilder& add(std::string_view part);
  KeyBuilder& add(std::uint64_t part);
  KeyBuilder& add(const Key& part);
  Key key() const;

 private:
  std::string bytes_;
};

}  // namespace assay

template <>
struct std::hash<assay::Key> {
  std::size_t operator()(const assay::Key& key) const noexcept {
    return static_cast<std::size_t>(key.low);
  }
};
