#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runner/execute/executor.h"

namespace assay::execute {

// Runs stages in worker processes, so that a crash costs its cell alone and is reported with the
// signal. A worker is this program with the arguments given; artifacts pass through files in
// `scratch`, which is removed at the end.
std::unique_ptr<Backend> make_process_backend(std::vector<std::string> worker_arguments,
                                              std::filesystem::path scratch);

// The worker's side: serves one request a line on stdin, "stage variant replicate key", answers one
// line of JSON on the descriptor given. Returns the exit code.
int serve(const config::Study& study, const graph::Linker& linker,
          const std::filesystem::path& scratch, int answers);

}  // namespace assay::execute
