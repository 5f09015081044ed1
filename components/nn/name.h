#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace assay::nn {

// A name put together from parts, Name(block, ".up") or Name("experts.", 3), without allocation: a
// forward pass names each of its parameters and sites. At most 127 characters, else
// std::length_error.
class Name {
 public:
  Name() = default;
  template <class... Parts>
  requires(sizeof...(Parts) > 0) explicit Name(const Parts&... parts) { (append(parts), ...); }
  operator std::string_view() const { return {text_.data(), size_}; }  // NOLINT: it is one
  std::string_view view() const { return *this; }
  std::string text() const { return std::string(view()); }
  friend bool operator==(const Name& a, std::string_view b) { return a.view() == b; }
  friend std::ostream& operator<<(std::ostream& out, const Name& name) {
    return out << name.view();
  }

 private:
  void append(std::string_view part) {
    if (size_ + part.size() > text_.size())
      throw std::length_error("a name of more than 127 characters: " + text() + std::string(part));
    std::copy(part.begin(), part.end(), text_.begin() + size_);
    size_ += part.size();
  }
  void append(std::integral auto number) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    append(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }

  std::array<char, 127> text_{};
  std::size_t size_ = 0;
};

}  // namespace assay::nn
