#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runner/report/table.h"

namespace assay::report {

// How the numbers of one value (metric) are written: `digits` after the point, in units of
// 10^exponent.
struct Format {
  int digits = 0;
  int exponent = 0;
  bool by_spread = false;  // digits are those of a spread
};

// What is shown beside an entry's mean, half of it where it is an interval; 0 where the values are
// all the same, nothing where they are too few.
std::optional<double> spread_of(const Table::Entry& entry, Spread spread);

// Two significant digits of the typical spread (the median). Values without any spread: as
// many digits as they have, at most four significant ones of the largest.
Format format_for(const std::vector<std::vector<Table::Entry>>& entries, Spread spread);

// An entry whose spread would show no digit in the common format, or more than three, has two
// significant digits of its own.
Format format_of(const Format& common, std::optional<double> spread);

std::string fixed(double value, const Format& format);

}  // namespace assay::report
