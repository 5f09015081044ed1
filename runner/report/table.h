#pragma once

#include <string>
#include <vector>

#include "runner/analyse/summary.h"

namespace assay::report {

enum class Best { kNone, kHighest, kLowest };

// A table of summaries: one block of columns for each value (metric).
struct Table {
  struct Entry {
    analyse::Summary summary;  // of the cells that are done
    std::size_t failed = 0;
    std::size_t missing = 0;  // not run yet
  };
  struct Value {
    std::string name;  // "eval.accuracy"
    Best best = Best::kNone;
  };
  std::string title;
  std::vector<std::string> row_names;          // of the label columns: "pruner"
  std::vector<std::vector<std::string>> rows;  // each row's labels, as many as row_names
  std::vector<std::string> column_names;
  std::vector<std::vector<std::string>> columns;  // labels of each column (empty: one column)
  std::vector<Value> values;
  // entries[value][row][column]
  std::vector<std::vector<std::vector<Entry>>> entries;
  std::vector<std::string> footnotes;
};

// `colour`: mark the best in bold; otherwise by a star.
std::string terminal(const Table& table, bool colour);
std::string markdown(const Table& table);
std::string latex(const Table& table);  // for booktabs
std::string csv(const Table& table);    // tidy: one line for each entry
std::string json(const Table& table);
// A field of CSV, in quotes where it needs them (RFC 4180).
std::string csv_field(const std::string& text);

}  // namespace assay::report
