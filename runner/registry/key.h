#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory_resource>
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
  KeyBuilder() { bytes_.reserve(kRoom - 1); }
  KeyBuilder& add(std::string_view part);
  KeyBuilder& add(std::uint64_t part);
  KeyBuilder& add(const Key& part);
  Key key() const;

 private:
  // Short keys are built without allocation: a training step draws several streams.
  static constexpr std::size_t kRoom = 256;
  std::array<std::byte, kRoom> room_ = {};
  std::pmr::monotonic_buffer_resource memory_{room_.data(), room_.size()};
  std::pmr::string bytes_{&memory_};
};

}  // namespace assay

template <>
struct std::hash<assay::Key> {
  std::size_t operator()(const assay::Key& key) const noexcept {
    return static_cast<std::size_t>(key.low);
  }
};
