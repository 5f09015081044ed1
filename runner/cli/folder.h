#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "runner/cli/command.h"
#include "runner/execute/work.h"
#include "runner/graph/linker.h"
#include "runner/store/store.h"

namespace assay::cli {

// A study and its results folder, for commands that tidy it up.
struct Tidied {
  std::shared_ptr<const config::Study> study;
  std::unique_ptr<graph::Linker> linker;
  std::filesystem::path folder;
};

// From a results folder or a study file. `study` is null where it is bad, which is said. Throws
// StoreError where there is no such folder.
Tidied tidied(const std::string& file_or_folder, const po::variables_map& vm);

execute::KeySet done_cells(const std::vector<store::Store::CellState>& states);

// "1.25 MB".
std::string size_text(double bytes);

}  // namespace assay::cli
