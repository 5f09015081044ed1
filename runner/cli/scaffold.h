#pragma once

#include <span>

namespace assay::cli {

// A file that `assay new` writes, with @NAME@ and the like to be filled in. Kind "" is for all.
struct ScaffoldFile {
  const char* kind;
  const char* name;
  const char* text;
};

// Those of components/*/scaffold and runner/cli/scaffold, put in by cmake/scaffold.cmake.
std::span<const ScaffoldFile> scaffold_files();

}  // namespace assay::cli
