#include "runner/registry/shipped.h"

#include <dlfcn.h>

#include <filesystem>

namespace assay {

std::string shipped_folder(const std::string& name) {
  namespace fs = std::filesystem;
  Dl_info info = {};
  if (dladdr(reinterpret_cast<const void*>(&shipped_folder), &info) && info.dli_fname) {
    const fs::path library = fs::absolute(info.dli_fname).parent_path();
    for (const fs::path& prefix : {library / "..", library / ".." / ".."})
      if (fs::exists(prefix / "share/assay" / name))
        return (prefix / "share/assay" / name).string();
  }
  return std::string(ASSAY_SOURCE_DIR "/") + name;
}

}  // namespace assay
