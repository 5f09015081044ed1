#pragma once

#include "runner/cli/present.h"
#include "runner/report/table.h"

namespace assay::cli {

// The table that a study asks for, of what is stored of it. Judged.
report::Table tabulate(const config::Study& study, const Results& results);

}  // namespace assay::cli
