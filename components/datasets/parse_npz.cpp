// A zip archive is read from its directory, which is at its end (APPNOTE.TXT, sections 4.3.12
// and 4.3.16); sizes are believed only as far as the file goes, and the CRC-32 of each array is
// checked.
#include <zlib.h>

#include <algorithm>

#include "components/datasets/arrays.h"

namespace assay {

namespace {

constexpr std::size_t kEnd = 22, kEntry = 46, kLocal = 30;
constexpr std::uint64_t kMostExpansion = 1032;  // of deflate

[[noreturn]] void bad(const std::string& what, const std::string& why) {
  throw std::runtime_error(what + " is no zip archive that can be read: " + why);
}

std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t out = 0;
  for (std::size_t i = size; i-- > 0;) out = out << 8 | static_cast<unsigned char>(bytes[at + i]);
  return out;
}

struct Entry {
  std::string name;
  std::uint32_t flags, method, sum, packed, size, offset;
};

std::size_t find_end(std::string_view bytes, const std::string& what) {
  if (bytes.size() >= kEnd)
    for (std::size_t back = kEnd; back <= std::min(bytes.size(), kEnd + 65535); ++back)
      if (const std::size_t at = bytes.size() - back; bytes.substr(at, 4) == "PK\5\6") return at;
  bad(what, "it has no directory");
}

std::vector<Entry> directory(std::string_view bytes, const std::string& what) {
  const std::size_t end = find_end(bytes, what);
  const std::uint32_t count = number(bytes, end + 10, 2);
  std::size_t at = number(bytes, end + 16, 4);
  std::vector<Entry> out;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (at > end || end - at < kEntry || bytes.substr(at, 4) != "PK\1\2")
      bad(what, "its directory is damaged");
    const std::size_t name = number(bytes, at + 28, 2);
    const std::size_t entry = kEntry + name + number(bytes, at + 30, 2) + number(bytes, at + 32, 2);
    if (end - at < entry) bad(what, "its directory is damaged");
    out.push_back({std::string(bytes.substr(at + kEntry, name)), number(bytes, at + 8, 2),
                   number(bytes, at + 10, 2), number(bytes, at + 16, 4), number(bytes, at + 20, 4),
                   number(bytes, at + 24, 4), number(bytes, at + 42, 4)});
    at += entry;
  }
  return out;
}

std::string contents(std::string_view bytes, const Entry& entry, const std::string& what) {
  const std::string whole = what + ": " + entry.name;
  if (entry.packed == 0xFFFFFFFF || entry.size == 0xFFFFFFFF || entry.offset == 0xFFFFFFFF)
    bad(what, entry.name + " is larger than 4 GB");
  if ((entry.flags & 1U) != 0) bad(what, entry.name + " is encrypted");
  const std::uint64_t local = entry.offset;
  if (local + kLocal > bytes.size() || bytes.substr(local, 4) != "PK\3\4")
    bad(what, entry.name + " is not where the directory says");
  const std::uint64_t from =
      local + kLocal + number(bytes, local + 26, 2) + number(bytes, local + 28, 2);
  if (from + entry.packed > bytes.size()) bad(what, entry.name + " ends beyond it");
  const std::string_view packed = bytes.substr(from, entry.packed);
  std::string out;
  if (entry.method == 0)
    out = packed;
  else if (entry.method == 8 && entry.size <= packed.size() * kMostExpansion)
    out = inflate_bytes(packed, -MAX_WBITS, entry.size, whole);
  else
    bad(what, entry.name + " is neither stored nor deflated");
  const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(out.data()), out.size());
  if (out.size() != entry.size || sum != entry.sum) bad(what, entry.name + " is damaged");
  return out;
}

}  // namespace

NamedArrays parse_npz(std::string_view bytes, const std::string& what) {
  NamedArrays out;
  for (const Entry& entry : directory(bytes, what)) {
    std::string name = entry.name;
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    out[name] = parse_npy(contents(bytes, entry, what), what + ": " + entry.name);
  }
  return out;
}

}  // namespace assay
