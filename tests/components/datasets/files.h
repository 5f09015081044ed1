#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "components/datasets/file.h"
#include "tests/components/support.h"

namespace assay::testing {

// A file of this test alone, gone afterwards.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& name, const std::string& bytes = {})
      : path_(std::filesystem::temp_directory_path() /
              ("assay-" + std::to_string(getpid()) + "-" + name)) {
    write(bytes);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() { std::filesystem::remove(path_); }
  // A new file each time: file systems flush one that is cut and written again.
  void write(const std::string& bytes) const {
    std::filesystem::remove(path_);
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// A data set of kind `use` that reads this file.
inline std::shared_ptr<const Dataset> reader(const std::string& use, const std::string& file,
                                             const std::string& options = {}) {
  return build<Dataset>("{ use = \"" + use + "\", file = \"" + file + "\"" +
                        (options.empty() ? "" : ", " + options) + " }");
}

// What reading says, the file's path taken away; empty where it reads.
inline std::string trouble(const Dataset& dataset, const std::string& file) {
  try {
    (void)dataset.make();
  } catch (const std::runtime_error& e) {
    std::string text = e.what();
    for (std::size_t at = text.find(file); at != std::string::npos; at = text.find(file))
      text.replace(at, file.size(), "FILE");
    return text;
  }
  return {};
}

}  // namespace assay::testing
