#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runner/config/conditions.h"

namespace assay::config {

// [[table.paper]]: numbers of a paper, to stand beside those of the variants that meet `where`.
struct PaperNumbers {
  struct Number {
    std::string metric;  // "eval.accuracy"
    double value = 0.0;
    std::optional<double> spread;
  };
  std::string source, note;
  Conditions where;
  std::vector<Number> numbers;
};

struct TableSpec {
  std::string title;
  std::vector<std::string> rows, columns, values;
  std::vector<std::string> best;    // "highest", "lowest", "none" or "declared", one for each value
  std::vector<std::string> within;  // axes; empty: the columns
  std::string spread = "sd";        // "interval", "bca" or "none"
  std::string caption, label;
  std::string paper;                  // what a paper says, in words
  std::vector<PaperNumbers> numbers;  // of papers
};

// [table] without what refers to axes, and the rest once the design has been read: both report
// every mistake. Numbers of a paper for what a profile or an option has taken out of the study are
// taken out of its tree, too.
void read_table(Study& study, Diagnostics& out);
void read_table_axes(Study& study, Diagnostics& out);

}  // namespace assay::config
