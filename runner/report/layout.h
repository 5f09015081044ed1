#pragma once

#include <string>
#include <vector>

#include "runner/report/table.h"

namespace assay::report {

// How the numbers of one value (metric) are written: `digits` after the point, in units of
// 10^exponent.
struct Format {
  int digits = 1;
  int exponent = 0;
};

// An entry's numbers as text; `mean` is empty where no cell is done.
struct Shown {
  std::string mean;
  std::string deviation;  // empty for a single value
  int exponent = 0;
  std::size_t other_count = 0;  // where not the count that the notes tell
  bool failed = false;
  bool best = false;
};

// A table ready to be drawn. Numbers run through the columns of the first value, then the second's.
struct Layout {
  std::size_t labels = 0;  // label columns
  std::size_t per_value = 1;
  std::vector<std::string> groups;                 // names of the values; empty: no such line
  std::vector<std::string> head;                   // of every column
  std::vector<std::vector<std::string>> labelled;  // of every row
  std::vector<std::vector<Shown>> numbers;         // of every row
  std::vector<std::string> notes;
  bool any_best = false;
};

Layout lay_out(const Table& table);

// "0.85 ± 0.07 (n=2)†", "(3.1 ± 0.2)e-09", "–".
std::string plain(const Shown& shown);

// Without control characters: a message of several lines, or an escape sequence in a name, must not
// break a table or take over a terminal.
std::string one_line(const std::string& text);
std::string join(const std::vector<std::string>& words, const std::string& between);

}  // namespace assay::report
