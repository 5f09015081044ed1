#pragma once

#include <string>

namespace assay::config {

// Loads a shared library with components, once; relative paths count from `folder`. Returns what is
// wrong (missing file, no plugin, another ABI, a name registered twice), or nothing. The ABI stamp
// is read from the file before any of its code runs.
std::string load_plugin(const std::string& path, const std::string& folder);

}  // namespace assay::config
