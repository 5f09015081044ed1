#pragma once

#include <string>
#include <vector>

#include "runner/report/table.h"

namespace assay::report {

// Entries of one row and column, one for each value (metric) asked for.
struct Found {
  std::size_t row = 0, column = 0;
  std::vector<std::size_t> values;
};

// Finds what a user names. A row or column goes by its labels joined by " / ", or by one of them
// where that leaves one; a value by "stage.metric" or the metric alone. A table without column axes
// has its values as columns. Empty: the only one, of values all. Throws std::runtime_error, with
// the nearest names.
Found find_entry(const Table& table, const std::string& row, const std::string& column,
                 const std::string& value);

// "wanda / 4"; "all" where there is no axis.
std::string name_of(const std::vector<std::string>& labels);

}  // namespace assay::report
