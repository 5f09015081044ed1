// The outer hash: 32 bytes after the HDF5 image, verified before libhdf5 sees anything. HDF5
// ignores what lies behind its own end of file, so a sealed file opens in any HDF5 tool. Later
// formats keep this trailer, so that every reader can tell a newer file from a damaged one.
#include <spdlog/spdlog.h>
#include <xxhash.h>

#include <cstring>

#include "runner/store/files.h"

namespace assay::store {

namespace {

constexpr std::string_view kMagic = "ASSAYH";  // then the digit of the format and a line feed
constexpr std::size_t kMagicSize = 8;
constexpr std::size_t kTrailer = 32;

using Fields = std::array<std::uint64_t, 3>;  // length of the image, its hash

// The format seeds the hash (the first one with 0): a flipped bit in the digit is damage, not a
// newer format.
Fields fields_of(std::span<const std::byte> image, int format) {
  const auto seed = static_cast<XXH64_hash_t>(format - 1);
  const XXH128_hash_t hash = XXH3_128bits_withSeed(image.data(), image.size(), seed);
  return {image.size(), hash.high64, hash.low64};
}

std::string magic_of(int format) {
  return std::string(kMagic) + std::to_string(format) + "\n";
}

struct Trailer {
  int format = 0;
  Fields fields{};
};

std::optional<Trailer> trailer_of(std::span<const std::byte> last) {
  if (last.size() != kTrailer) return std::nullopt;
  const std::string_view magic(reinterpret_cast<const char*>(last.data()), kMagicSize);
  Trailer out;
  out.format = magic[kMagic.size()] - '0';
  if (out.format < 1 || out.format > 9 || magic != magic_of(out.format)) return std::nullopt;
  std::memcpy(out.fields.data(), last.data() + kMagicSize, sizeof out.fields);
  return out;
}

}  // namespace

std::vector<std::byte> sealed(std::vector<std::byte> image, int format) {
  const Fields fields = fields_of(image, format);
  const std::string magic = magic_of(format);
  const auto name = std::as_bytes(std::span(magic));
  const auto numbers = std::as_bytes(std::span(fields));
  image.insert(image.end(), name.begin(), name.end());
  image.insert(image.end(), numbers.begin(), numbers.end());
  return image;
}

std::optional<std::vector<std::byte>> examine_sealed(const std::filesystem::path& file,
                                                     bool& vanished, std::string& damage) {
  try {
    // The trailer first: what is no file of ours is not read, however large it is.
    const auto last = read_file(file, kTrailer);
    vanished = !last;
    if (vanished) return std::nullopt;
    const auto trailer = trailer_of(*last);
    damage = "it does not end as a file of Assay does: cut off, empty or of another program";
    if (!trailer) return std::nullopt;
    auto bytes = read_file(file);
    vanished = !bytes;
    if (vanished) return std::nullopt;
    damage = "its hash is wrong";
    const std::size_t size = bytes->size() - std::min(bytes->size(), kTrailer);
    if (trailer->fields != fields_of({bytes->data(), size}, trailer->format)) return std::nullopt;
    if (trailer->format > kFormat)
      throw NewerFormat(file.string() + " was written by a newer Assay (format " +
                        std::to_string(trailer->format) + ", this one reads up to " +
                        std::to_string(kFormat) + "): use that one");
    damage.clear();
    bytes->resize(size);
    return bytes;
  } catch (const NotAFile& error) {
    damage = error.what();
    return std::nullopt;
  }
}

void set_aside_with_warning(const std::filesystem::path& file, const std::string& damage) {
  try {
    spdlog::warn("{} is damaged ({}); set aside as {}", file.string(), damage,
                 set_aside(file).filename().string());
  } catch (const StoreError& error) {
    // In a folder that is only read it stays, and is passed over.
    spdlog::warn("{} is damaged ({}); {}", file.string(), damage, error.what());
  }
}

std::optional<std::vector<std::byte>> read_sealed(const std::filesystem::path& file,
                                                  bool& vanished) {
  std::string damage;
  auto image = examine_sealed(file, vanished, damage);
  if (!image && !vanished) set_aside_with_warning(file, damage);
  return image;
}

}  // namespace assay::store
