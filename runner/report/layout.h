#pragma once

#include <string>
#include <vector>

#include "runner/report/table.h"

namespace assay::report {

// A number as text, ours or a paper's; `mean` is empty where no cell has a value.
struct Shown {
  std::string mean;
  std::string spread;      // "0.07", "[0.80, 0.91]"; empty: none is shown
  bool bracketed = false;  // the spread is an interval from and to
  int exponent = 0;
  std::size_t other_count = 0;  // where not the count that the notes tell
  std::string marks;            // of its footnotes: "a,b"
  bool blank = false;           // a paper gives no number here
  bool best = false;
  bool tied = false;  // not significantly worse than the best
};

// A table ready to be drawn: label columns, then columns of numbers.
struct Layout {
  struct Column {
    std::string head;    // "0.5", or "paper"
    std::string within;  // of a paper's column: the head of ours, beside which it stands
    bool paper = false;
  };
  // A line above the heads: names of values over their columns.
  struct Group {
    std::string name;
    std::size_t first = 0, count = 0;
  };
  // What marks mean; empty where there are none.
  struct Legend {
    std::string best, tied, rest;
  };
  std::vector<std::string> labels;  // heads of the label columns
  std::vector<Column> columns;
  std::vector<Group> groups;                       // empty: no such line
  std::vector<std::vector<std::string>> labelled;  // of every row
  std::vector<std::vector<Shown>> numbers;         // [row][column]
  std::vector<std::string> notes;
  Legend legend;
  std::vector<std::pair<std::string, std::string>> footnotes;  // mark and text
};

Layout lay_out(const Table& table);

// "0.85 ± 0.07 (n=2)", "(3.1 ± 0.2)e-09", "0.85 [0.80, 0.91]", "–"; without marks.
std::string plain(const Shown& shown);

// Without control characters: a message of several lines, or an escape sequence in a name, must not
// break a table or take over a terminal.
std::string one_line(const std::string& text);
std::string join(const std::vector<std::string>& words, const std::string& between);

}  // namespace assay::report
