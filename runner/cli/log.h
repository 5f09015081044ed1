#pragma once

#include <filesystem>
#include <functional>

namespace assay::cli {

// Everything goes into log.txt of the folder, errors also to stderr. A log that cannot be written
// is told once and costs nothing else; worker processes leave the telling to their run.
enum class Complaint { kOnce, kNone };
void log_into(const std::filesystem::path& folder, Complaint complaint = Complaint::kOnce);

// Writes one of the files that stand beside the cells. False where that fails: then it says so, and
// what to do, and the run goes on; the cells do not depend on it.
bool saved(const char* name, const std::function<void()>& write);

}  // namespace assay::cli
