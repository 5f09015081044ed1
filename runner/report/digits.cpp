#include "runner/report/digits.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace assay::report {

namespace {

constexpr int kMostDigits = 6;
constexpr int kMostOwnDigits = 12;
constexpr double kLeast = 1.0, kMost = 1000.0;  // of a spread, in units of the last digit
constexpr double kLargest = 1e7, kLargestWhole = 1e15;

// The power of ten of a number once it is rounded to so many significant digits: 0.0996 has -1 with
// two.
int power_of(double value, int significant) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*e", significant - 1, value);
  return std::atoi(std::strchr(text, 'e') + 1);
}

// The fewest digits that show every value as it is, at most `most`.
int exact_digits(const std::vector<double>& values, int exponent, int most) {
  for (int digits = 0; digits < most; ++digits) {
    const bool exact = std::all_of(values.begin(), values.end(), [&](double value) {
      const double shown = std::atof(fixed(value, {digits, exponent}).c_str());
      return std::abs(shown - value / std::pow(10.0, exponent)) <=
             1e-9 * std::abs(value / std::pow(10.0, exponent));
    });
    if (exact) return digits;
  }
  return most;
}

Format without_spread(const std::vector<double>& means, double largest) {
  Format out;
  if (!(largest > 0)) return out;
  if (largest < kLargestWhole && exact_digits(means, 0, 1) == 0 &&
      std::all_of(means.begin(), means.end(), [](double m) { return m == std::round(m); }))
    return out;
  const int wanted = 3 - power_of(largest, 4);
  if ((wanted > kMostDigits && largest < 1e-3) || largest >= kLargest)
    out.exponent = power_of(largest, 4);
  out.digits = exact_digits(means, out.exponent, std::clamp(wanted + out.exponent, 0, kMostDigits));
  return out;
}

}  // namespace

std::string fixed(double value, const Format& format) {
  char text[400];  // the largest double has 309 digits
  std::snprintf(text, sizeof text, "%.*f", format.digits, value / std::pow(10.0, format.exponent));
  const std::string out = text;
  const bool zero = out.find_first_not_of("-0.") == std::string::npos;
  return zero && out[0] == '-' ? out.substr(1) : out;
}

std::optional<double> spread_of(const Table::Entry& entry, Spread spread) {
  if (entry.summary.count < 2) return std::nullopt;
  if (analyse::no_spread(entry.summary)) return 0.0;
  if (spread == Spread::kDeviation || spread == Spread::kNone) return entry.summary.deviation;
  const double width = (entry.interval.high - entry.interval.low) / 2;
  return std::isfinite(width) ? std::optional(width) : std::nullopt;
}

Format format_for(const std::vector<std::vector<Table::Entry>>& entries, Spread spread) {
  double largest = 0.0;
  std::vector<double> means, spreads;
  for (const auto& row : entries) {
    for (const Table::Entry& entry : row) {
      if (entry.summary.count == 0) continue;
      means.push_back(entry.summary.mean);
      largest = std::max(largest, std::abs(entry.summary.mean));
      const auto one = spread_of(entry, spread);
      if (one && *one > 0) spreads.push_back(*one);
    }
  }
  if (spreads.empty()) return without_spread(means, largest);
  Format out;
  out.by_spread = true;
  const int wanted = 1 - power_of(analyse::summarise(spreads).median, 2);
  if (largest > 0 && ((wanted > kMostDigits && largest < 1e-3) || largest >= kLargest))
    out.exponent = power_of(largest, 2);
  out.digits = std::clamp(wanted + out.exponent, 0, kMostDigits);
  return out;
}

Format format_of(const Format& common, std::optional<double> spread) {
  if (!spread || !(*spread > 0) || !common.by_spread) return common;
  const double shown = *spread * std::pow(10.0, common.digits - common.exponent);
  if (shown >= kLeast && shown < kMost) return common;
  Format out = common;
  out.digits = std::clamp(1 - power_of(*spread, 2) + common.exponent, 0, kMostOwnDigits);
  return out;
}

}  // namespace assay::report
