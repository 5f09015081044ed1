#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

// A dense row-major array without an opinion on where it is stored.
struct Array {
  enum class Type : std::uint8_t { kFloat32, kFloat64, kInt32, kInt64, kUint8 };
  Type type = Type::kFloat64;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> data;

  std::size_t count() const;
  static std::size_t size_of(Type type);
  bool operator==(const Array&) const = default;

  template <class T>
  static Array of(std::span<const T> values, std::vector<std::int64_t> shape);
  // Requires T to match the type; throws std::runtime_error otherwise.
  template <class T>
  std::span<const T> as() const;
};

// What an artifact is made of when it leaves memory: named arrays and named texts. Names may
// contain '/' to group them. The store turns one into an HDF5 file and back, bit for bit.
class Archive {
 public:
  void put(std::string name, Array array) { arrays_[std::move(name)] = std::move(array); }
  void put_text(std::string name, std::string text) { texts_[std::move(name)] = std::move(text); }
  template <class T>
  void put(std::string name, std::span<const T> values, std::vector<std::int64_t> shape) {
    put(std::move(name), Array::of(values, std::move(shape)));
  }
  // Throw std::runtime_error naming the missing part.
  const Array& array(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  bool has(std::string_view name) const { return arrays_.contains(std::string(name)); }
  bool has_text(std::string_view name) const { return texts_.contains(std::string(name)); }

  const std::map<std::string, Array, std::less<>>& arrays() const { return arrays_; }
  const std::map<std::string, std::string, std::less<>>& texts() const { return texts_; }
  bool operator==(const Archive&) const = default;

 private:
  std::map<std::string, Array, std::less<>> arrays_;
  std::map<std::string, std::string, std::less<>> texts_;
};

template <class T>
constexpr Array::Type array_type() {
  if constexpr (std::is_same_v<T, float>) return Array::Type::kFloat32;
  if constexpr (std::is_same_v<T, double>) return Array::Type::kFloat64;
  if constexpr (std::is_same_v<T, std::int32_t>) return Array::Type::kInt32;
  if constexpr (std::is_same_v<T, std::int64_t>) return Array::Type::kInt64;
  if constexpr (std::is_same_v<T, std::uint8_t>) return Array::Type::kUint8;
}

template <class T>
Array Array::of(std::span<const T> values, std::vector<std::int64_t> shape) {
  Array out{array_type<T>(), std::move(shape), {}};
  if (out.count() != values.size()) throw std::runtime_error("array: shape and size disagree");
  const auto bytes = std::as_bytes(values);
  out.data.assign(bytes.begin(), bytes.end());
  return out;
}

template <class T>
std::span<const T> Array::as() const {
  if (type != array_type<T>()) throw std::runtime_error("array: stored with another type");
  return {reinterpret_cast<const T*>(data.data()), count()};
}

}  // namespace assay
