// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#include <algorithm>
#include <bit>
#include <charconv>

#include "components/datasets/arrays.h"

namespace assay {

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they lie");

[[noreturn]] void bad(const std::string& what, const std::string& why) {
  throw std::runtime_error(what + " is no NumPy array that can be read: " + why);
}

struct Header {
  std::string type;
  bool columns_first = false;
  std::vector<std::int64_t> shape;
};

// The header is a Python dictionary of three entries: a string, a truth value, a tuple.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, const std::string& what) : rest_(text), what_(what) {}

  Header read() {
    Header out;
    int seen = 0;
    expect('{');
    while (!next_is('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr")
        out.type = string();
      else if (key == "fortran_order")
        out.columns_first = truth();
      else if (key == "shape")
        out.shape = tuple();
      else
        bad(what_, "its header has the entry " + key);
      ++seen;
      if (!next_is('}')) expect(',');
    }
    expect('}');
    skip_space();
    if (seen != 3 || out.type.empty() || !rest_.empty()) bad(what_, "its header is not whole");
    return out;
  }

 private:
  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n'))
      rest_.remove_prefix(1);
  }
  bool next_is(char c) {
    skip_space();
    return !rest_.empty() && rest_.front() == c;
  }
  void expect(char c) {
    if (!next_is(c)) bad(what_, std::string("its header lacks a ") + c);
    rest_.remove_prefix(1);
  }
  std::string string() {
    const char quote = next_is('"') ? '"' : '\'';
    expect(quote);
    const std::size_t end = rest_.find(quote);
    if (end == std::string_view::npos) bad(what_, "its header is not whole");
    std::string out(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return out;
  }
  bool truth() {
    skip_space();
    const bool yes = rest_.starts_with("True");
    if (!yes && !rest_.starts_with("False")) bad(what_, "fortran_order is no truth value");
    rest_.remove_prefix(yes ? 4 : 5);
    return yes;
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> out;
    expect('(');
    while (!next_is(')')) {
      std::int64_t size = -1;
      const char* const end = rest_.data() + rest_.size();
      const auto [next, code] = std::from_chars(rest_.data(), end, size);
      if (code != std::errc() || size < 0 || out.size() == 8) bad(what_, "its shape is none");
      rest_.remove_prefix(static_cast<std::size_t>(next - rest_.data()));
      out.push_back(size);
      if (!next_is(')')) expect(',');
    }
    expect(')');
    return out;
  }

  std::string_view rest_;
  const std::string& what_;
};

Array::Type type_of(const std::string& type, const std::string& what) {
  if (type == "<f4") return Array::Type::kFloat32;
  if (type == "<f8") return Array::Type::kFloat64;
  if (type == "<i4") return Array::Type::kInt32;
  if (type == "<i8") return Array::Type::kInt64;
  if (type == "|u1" || type == "|b1") return Array::Type::kUint8;
  bad(what, "its numbers are " + type + "; known: <f4, <f8, <i4, <i8, |u1, |b1");
}

// Numbers that lie with the first index running fastest, brought into the order in which the last
// one does.
std::vector<std::byte> rows_first(std::string_view data, const std::vector<std::int64_t>& shape,
                                  std::size_t size) {
  std::vector<std::byte> out(data.size());
  const auto* const from = reinterpret_cast<const std::byte*>(data.data());
  std::vector<std::size_t> stride(shape.size(), 1), index(shape.size());
  for (std::size_t d = 1; d < shape.size(); ++d)
    stride[d] = stride[d - 1] * static_cast<std::size_t>(shape[d - 1]);
  std::size_t at = 0;  // of the element in the file
  for (std::size_t i = 0; i < data.size(); i += size) {
    std::copy_n(from + at * size, size, out.data() + i);
    for (std::size_t d = shape.size(); d-- > 0;) {
      at += stride[d];
      if (++index[d] < static_cast<std::size_t>(shape[d])) break;
      at -= index[d] * stride[d];
      index[d] = 0;
    }
  }
  return out;
}

}  // namespace

Array parse_npy(std::string_view bytes, const std::string& what) {
  if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 12) bad(what, "it begins otherwise");
  const int version = static_cast<unsigned char>(bytes[6]);
  if (version < 1 || version > 3) bad(what, "its version is " + std::to_string(version));
  const std::size_t lengths = version == 1 ? 2 : 4;
  std::size_t length = 0;
  for (std::size_t i = lengths; i-- > 0;)
    length = length << 8 | static_cast<unsigned char>(bytes[8 + i]);
  const std::string_view rest = bytes.substr(8 + lengths);
  if (length > rest.size()) bad(what, "it ends within its header");
  const Header header = HeaderReader(rest.substr(0, length), what).read();
  const std::string_view data = rest.substr(length);
  Array out{type_of(header.type, what), header.shape, {}};
  const std::size_t size = Array::size_of(out.type);
  std::uint64_t count = 1;
  for (const std::int64_t extent : out.shape) {
    if (!fits_into(count, static_cast<std::uint64_t>(extent), data.size()))
      bad(what, "its shape does not fit its data");
    count *= static_cast<std::uint64_t>(extent);
  }
  if (count * size != data.size()) bad(what, "its shape does not fit its data");
  const auto* const first = reinterpret_cast<const std::byte*>(data.data());
  if (header.columns_first)
    out.data = rows_first(data, out.shape, size);
  else
    out.data.assign(first, first + data.size());
  return out;
}

}  // namespace assay
