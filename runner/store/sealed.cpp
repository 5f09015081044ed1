// The outer hash: 32 bytes after the HDF5 image, verified before libhdf5 sees anything. HDF5
// ignores what lies behind its own end of file, so a sealed file opens in any HDF5 tool.
#include <spdlog/spdlog.h>
#include <xxhash.h>

#include <cstring>

#include "runner/store/files.h"

namespace assay::store {

namespace {

constexpr char kMagic[9] = "ASSAYH1\n";
constexpr std::size_t kTrailer = 32;

using Fields = std::array<std::uint64_t, 3>;  // length of the image, its hash

Fields fields_of(std::span<const std::byte> image) {
  const XXH128_hash_t hash = XXH3_128bits(image.data(), image.size());
  return {image.size(), hash.high64, hash.low64};
}

bool is_whole(std::span<const std::byte> file) {
  if (file.size() <= kTrailer) return false;
  const auto trailer = file.last(kTrailer);
  if (std::memcmp(trailer.data(), kMagic, 8) != 0) return false;
  Fields stored{};
  std::memcpy(stored.data(), trailer.data() + 8, sizeof stored);
  return stored == fields_of(file.first(file.size() - kTrailer));
}

void set_aside_with_warning(const std::filesystem::path& file) {
  try {
    spdlog::warn("{} is damaged; set aside as {}", file.string(),
                 set_aside(file).filename().string());
  } catch (const StoreError& error) {
    // In a folder that is only read it stays, and is passed over.
    spdlog::warn("{} is damaged; {}", file.string(), error.what());
  }
}

}  // namespace

std::vector<std::byte> sealed(std::vector<std::byte> image) {
  const Fields fields = fields_of(image);
  const auto* magic = reinterpret_cast<const std::byte*>(kMagic);
  image.insert(image.end(), magic, magic + 8);
  const auto raw = std::as_bytes(std::span(fields));
  image.insert(image.end(), raw.begin(), raw.end());
  return image;
}

std::optional<std::vector<std::byte>> read_sealed(const std::filesystem::path& file,
                                                  bool& vanished) {
  auto bytes = read_file(file);
  vanished = !bytes;
  if (vanished) return std::nullopt;
  if (!is_whole(*bytes)) {
    set_aside_with_warning(file);
    return std::nullopt;
  }
  bytes->resize(bytes->size() - kTrailer);
  return bytes;
}

}  // namespace assay::store
