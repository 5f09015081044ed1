#pragma once

#include <string>

namespace assay {

// A folder that Assay brings, as "datasets" or "configs": installed beside the library, under
// <prefix>/share/assay, or in the source tree that it was built from.
std::string shipped_folder(const std::string& name);

}  // namespace assay
