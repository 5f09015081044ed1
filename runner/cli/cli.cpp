#include "runner/cli/cli.h"
namespace assay::cli {
int main(int, char**) {
  return 0;
}
}  // namespace assay::cli
