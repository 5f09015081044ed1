#pragma once

#include "runner/cli/present.h"
#include "runner/report/find.h"
#include "runner/report/table.h"

namespace assay::cli {

// A value that the numbers depend on, and where it is written.
struct Setting {
  std::string path, text;
  Position where;
  bool axis = false;
};

// What a stage gave, on disk or not.
struct Kept {
  std::string stage, file;  // relative to the folder; empty: not kept
  Key key;
  std::vector<std::uint64_t> replicates;
};

struct Trace {
  std::string row, column;  // column: empty where there is no such axis
  std::vector<const report::Table::Value*> values;
  std::vector<const report::Table::Entry*> entries;  // of each value; they have the same cells
  std::vector<Setting> settings;
  std::vector<Kept> artifacts;
  std::vector<const store::CellRecord*> records;  // of each cell; null: not run
  std::vector<Key> keys;                          // of each cell
  std::vector<std::string> files;                 // segment of each cell; empty: not stored
  std::size_t variants = 0;
};

// What stands behind the entries of one row and column.
Trace trace_entries(const Loaded& loaded, const report::Table& table, const report::Found& found);

}  // namespace assay::cli
