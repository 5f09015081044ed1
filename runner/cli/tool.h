#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace assay::cli {

// A folder of its own for files in between, gone with its owner.
class ScratchFolder {
 public:
  ScratchFolder();  // throws StoreError where it cannot be made
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Runs a program that Assay does without elsewhere; what it prints goes into `output`. Throws
// UsageError where it is not installed (naming the Debian package) or fails (with what it says).
void run_tool(const std::vector<std::string>& command, const std::string& package,
              const std::filesystem::path& output);

}  // namespace assay::cli
