#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include "runner/store/store.h"

namespace assay::store {

// An empty place for one test, removed at its end.
class Scratch {
 public:
  explicit Scratch(const std::string& name)
      : folder_(std::filesystem::temp_directory_path() /
                ("assay-test-" + std::to_string(getpid()) + "-" + name)) {
    std::filesystem::remove_all(folder_);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  operator const std::filesystem::path&() const { return folder_; }  // NOLINT: it is one
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

 private:
  std::filesystem::path folder_;
};

inline CellRecord cell(std::uint64_t i) {
  CellRecord out;
  out.key = hash("cell " + std::to_string(i));
  out.replicate = i % 3;
  out.config = "\"a.x\" = " + std::to_string(i) + ", ä";
  out.metrics = {{"a.value", 0.1 * static_cast<double>(i)}, {"a.other", 1e-300}};
  out.curves = {{"a.loss", {0, 10}, {1.5, static_cast<double>(i)}}};
  out.seconds = 0.25;
  out.finished = 1e9 + static_cast<double>(i);
  return out;
}

inline std::ptrdiff_t files_in(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder),
                       std::filesystem::directory_iterator());
}

// The message of the StoreError that `action` throws; empty where it throws none.
template <class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const StoreError& error) {
    return error.what();
  }
  return "";
}

}  // namespace assay::store
