#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runner/execute/executor.h"

namespace assay::execute {

// Runs stages in worker processes, so that a crash costs its cell alone and is reported with the
// signal, and a stage over its limits is ended. A worker is this program with the arguments given;
// artifacts pass through files in `scratch`, which is removed at the end. Workers are told of
// `stop`.
std::unique_ptr<Backend> make_process_backend(const config::Study& study,
                                              std::vector<std::string> worker_arguments,
                                              std::filesystem::path scratch,
                                              const std::atomic<bool>& stop);

// The worker's side: serves one request a line on stdin, "stage variant replicate key", answers one
// line of JSON on the descriptor given. Returns the exit code.
int serve(const config::Study& study, const graph::Linker& linker,
          const std::filesystem::path& scratch, int answers);

}  // namespace assay::execute
