#pragma once

namespace assay::cli {

// The `assay` command. Returns the exit code: 0 success, 1 a cell failed, 2 a study or command line
// that cannot be used, 3 results could not be saved, 130 interrupted.
int main(int argc, char** argv);

}  // namespace assay::cli
