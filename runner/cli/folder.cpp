#include "runner/cli/folder.h"

#include <array>
#include <cstdio>

namespace assay::cli {

namespace fs = std::filesystem;

Tidied tidied(const std::string& file_or_folder, const po::variables_map& vm) {
  Tidied out;
  std::string folder;
  if (fs::is_directory(file_or_folder)) out.folder = file_or_folder;
  // A folder without its study can still be looked at.
  if (out.folder.empty() || fs::is_regular_file(out.folder / "study.toml"))
    out.study = study_of(file_or_folder, vm, folder);
  if (out.folder.empty()) out.folder = folder;
  if (!out.folder.empty() && !fs::is_directory(out.folder / "segments"))
    throw store::StoreError("there are no results in " + out.folder.string());
  if (!out.study) return out;
  out.linker = std::make_unique<graph::Linker>(*out.study);
  Diagnostics checked;
  out.linker->check(checked);
  return out;
}

execute::KeySet done_cells(const std::vector<store::Store::CellState>& states) {
  execute::KeySet out;
  for (const auto& state : states)
    if (state.status == store::Status::kDone) out.insert(state.key);
  return out;
}

std::string size_text(double bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 1000.0 && unit + 1 < kUnits.size(); ++unit) bytes /= 1000.0;
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %s", bytes, kUnits[unit]);
  return text;
}

}  // namespace assay::cli
