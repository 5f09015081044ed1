#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "runner/store/record.h"
#include "runner/store/store.h"

namespace assay::store {

// Nothing where the file does not exist; StoreError where the system cannot read it.
std::optional<std::vector<std::byte>> read_file(const std::filesystem::path& file);
// Makes a folder and those above it, durably. StoreError where that fails.
void make_folder(const std::filesystem::path& folder);
// Renames a damaged file to <file>.bad, or .2.bad, … where that is taken: nothing is deleted.
// Gives the new name.
std::filesystem::path set_aside(const std::filesystem::path& file);

// The image with the trailer that readers verify: magic, length, XXH3-128.
std::vector<std::byte> sealed(std::vector<std::byte> image);
// The image of a sealed file; where the outer hash is wrong the file is set aside with a warning.
// `vanished` is set where the file does not exist (any more).
std::optional<std::vector<std::byte>> read_sealed(const std::filesystem::path& file,
                                                  bool& vanished);

// Commits an image as a new segment whose name starts with `prefix`.
void commit_segment(const std::filesystem::path& folder, const char* prefix,
                    std::vector<std::byte> image);
// Folds small segments into larger ones where there are at least `at_least` of them.
void pack_segments(const std::filesystem::path& folder, std::size_t at_least);

}  // namespace assay::store
