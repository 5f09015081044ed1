#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runner/analyse/outcome.h"
#include "runner/analyse/summary.h"

// The table of a study as data: what every format draws, and all that stands behind its numbers.
// runner/cli/tabulate.h makes it from stored results; `judge` below does the arithmetic.
namespace assay::report {

enum class Best { kNone, kHighest, kLowest };

// What is told of the spread of an entry.
enum class Spread {
  kDeviation,  // sample standard deviation
  kInterval,   // Student's 95% interval of the mean, as ± half its width
  kBca,        // BCa bootstrap's 95% interval of the mean, as [low, high]
  kNone
};

// How an entry stands beside the best one that it is compared with.
enum class Standing {
  kUnmarked,   // nothing is best there (one entry alone, or Best::kNone), or it has no value
  kBest,       // the best mean; several where means are equal
  kTied,       // not significantly worse than the best
  kWorse,      // significantly worse
  kUndecided,  // too few seeds in common with the best: no outcome could have shown it to be worse
};

struct Table {
  // A cell of the study behind an entry.
  struct Cell {
    std::uint64_t number = 0;  // in the order of the study, as `assay why` counts
    std::uint64_t replicate = 0;
    // A finite number; nothing where it failed, has not run or measured no such value.
    std::optional<double> value;
  };
  // A number of a paper, shown beside ours.
  struct Paper {
    double value = 0.0;
    std::optional<double> spread;  // as the paper gives it
    std::size_t footnote = 0;      // index into `footnotes`
  };
  struct Entry {
    std::vector<Cell> cells;  // in the order of the study
    std::size_t failed = 0;
    std::size_t missing = 0;             // not run yet
    std::size_t unmeasured = 0;          // done, without a (finite) value of this name
    std::vector<std::size_t> footnotes;  // indices into Table::footnotes, ascending
    std::optional<Paper> paper;

    // Filled by `judge`:
    analyse::Summary summary;    // of the values
    analyse::Interval interval;  // of the mean, 95%; Student's, or BCa where the table says so
    Standing standing = Standing::kUnmarked;
    double p = 1.0;         // of kTied and kWorse: against the best, two-sided, adjusted by Holm
    std::size_t pairs = 0;  // seeds in common with the best
  };
  struct Value {
    std::string name;  // "eval.accuracy"
    Best best = Best::kNone;
  };
  // Shown below the table, and as a letter at the entries that it is about.
  struct Footnote {
    std::string text;
    bool paper = false;  // about numbers of a paper
  };

  std::string title;
  std::string caption, label;  // of LaTeX; the title stands in for an empty caption
  Spread spread = Spread::kDeviation;
  double alpha = 0.05;                         // of the comparisons with the best
  std::vector<std::string> row_names;          // of the label columns: "pruner"
  std::vector<std::vector<std::string>> rows;  // each row's labels, as many as row_names
  std::vector<std::string> column_names;
  std::vector<std::vector<std::string>> columns;  // labels of each column (empty: one column)
  std::vector<Value> values;                      // one block of columns for each
  // entries[value][row][column]
  std::vector<std::vector<std::vector<Entry>>> entries;
  // [row][column]: entries of one value with the same number are compared with each other. Empty:
  // those of a column are.
  std::vector<std::vector<std::size_t>> groups;
  std::vector<std::string> within;  // names of the axes whose values make a group; empty: columns
  std::vector<Footnote> footnotes;
  std::vector<std::string> remarks;  // further lines below the table
  // Filled by `judge`: common seeds that every comparison needs to be decided at all; 0 where none
  // is kUndecided.
  std::size_t seeds_needed = 0;
};

// Fills summaries, intervals and standings from the cells. Two entries are compared by the values
// of the replicates that both have: two-sided sign flips, as claims are decided by default
// (docs/statistics.md), adjusted by Holm over all comparisons with the best of a group.
void judge(Table& table);

// The mark of a footnote: "a", "b", … (no "q": it has no raised form).
std::string footnote_mark(std::size_t footnote);

// `colour`: the best in bold and its ties underlined; otherwise marked by * and ~.
std::string terminal(const Table& table, bool colour);
std::string markdown(const Table& table);
// For booktabs; a floating table where there is a caption or a label.
std::string latex(const Table& table);
std::string csv(const Table& table);  // tidy: one line for each entry
std::string json(const Table& table);
// A field of CSV, in quotes where it needs them (RFC 4180).
std::string csv_field(const std::string& text);

}  // namespace assay::report
