#pragma once

#include "runner/report/table.h"

// Tables made by hand, for the tests of this folder.
namespace assay::report {

inline Table::Entry entry(const std::vector<double>& values, std::size_t failed = 0,
                          std::size_t missing = 0) {
  Table::Entry out;
  for (const double value : values) out.cells.push_back({0, out.cells.size(), value});
  out.failed = failed, out.missing = missing;
  return out;
}

// One value, one column, a row for each entry.
inline Table column(const std::vector<Table::Entry>& entries, Best best = Best::kHighest) {
  Table out;
  out.row_names = {"method"};
  out.values = {{"eval.accuracy", best}};
  out.entries.emplace_back();
  for (std::size_t r = 0; r < entries.size(); ++r) {
    out.rows.push_back({std::string(1, static_cast<char>('a' + r))});
    out.entries[0].push_back({entries[r]});
  }
  return out;
}

inline Table judged(Table table) {
  judge(table);
  return table;
}

// Eight seeds. `half` is worse by 0.01 seven times and better by 0.014 once: p = 18/256, not
// significant. `none` is worse by 0.2 in all of the seven seeds that it has: 2/128, times 2 by
// Holm: significant.
inline Table complete() {
  const std::vector<double> full = {0.90, 0.92, 0.91, 0.93, 0.94, 0.92, 0.91, 0.93};
  std::vector<double> half, none;
  for (const double value : full) half.push_back(value - 0.01), none.push_back(value - 0.2);
  half.back() += 0.024;
  none.pop_back();
  Table out = column({entry(full), entry(half), entry(none, 1)});
  out.rows = {{"full"}, {"half"}, {"none"}};
  out.entries[0][2][0].cells.push_back({23, 7, std::nullopt});
  out.footnotes = {{"1 cell failed in stage base: bad\nluck"},
                   {"Doe & Roe 2024, table 1: larger images", true}};
  out.entries[0][2][0].footnotes = {0};
  out.entries[0][0][0].paper = Table::Paper{0.951, 0.004, 1};
  return judged(out);
}

}  // namespace assay::report
