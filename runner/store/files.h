#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runner/store/record.h"
#include "runner/store/store.h"

namespace assay::store {

// A folder, a pipe, a socket or a device lies where a file should.
class NotAFile : public StoreError {
 public:
  using StoreError::StoreError;
};

// Intact, but of a format that this program does not know. It is neither set aside nor replaced.
class NewerFormat : public StoreError {
 public:
  using StoreError::StoreError;
};

// The file, or its last so many bytes. Nothing where it does not exist; StoreError where the system
// cannot read it, or where it is a link that leads nowhere.
std::optional<std::vector<std::byte>> read_file(const std::filesystem::path& file,
                                                std::size_t last = SIZE_MAX);
// Makes a folder and those above it, durably. StoreError where that fails.
void make_folder(const std::filesystem::path& folder);
// Renames a damaged file to <file>.bad, or .2.bad, … where that is taken: nothing is deleted.
// Gives the new name.
std::filesystem::path set_aside(const std::filesystem::path& file);

// The format of sealed files. A reader knows the earlier ones and refuses a later one; what readers
// pass over, like a new array beside the others, needs none.
// 2: curves of a segment share their steps ("curve_first_step").
constexpr int kFormat = 2;
// The image with the trailer that readers verify: magic with the format, length, XXH3-128.
std::vector<std::byte> sealed(std::vector<std::byte> image, int format = kFormat);
// The image of a sealed file. Nothing where the file does not exist (any more): `vanished`; or
// where its outer hash is wrong or it is no file: `damage` says what.
std::optional<std::vector<std::byte>> examine_sealed(const std::filesystem::path& file,
                                                     bool& vanished, std::string& damage);
// The same, but a damaged file is set aside with a warning.
std::optional<std::vector<std::byte>> read_sealed(const std::filesystem::path& file,
                                                  bool& vanished);

// Sets a file aside and says why in the log; where it cannot be moved it stays, and is passed over.
void set_aside_with_warning(const std::filesystem::path& file, const std::string& damage);

// Commits an image as a new segment whose name starts with `prefix`.
void commit_segment(const std::filesystem::path& folder, const char* prefix,
                    std::vector<std::byte> image);
// Folds small segments into larger ones where there are at least `at_least` of them.
void pack_segments(const std::filesystem::path& folder, std::size_t at_least);

}  // namespace assay::store
