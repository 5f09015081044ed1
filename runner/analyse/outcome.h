#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string_view>

#include "runner/analyse/summary.h"

// What the procedures of this room share: the side of a test, its outcome, intervals, and what
// happens where a procedure has too little to go on.
//
// Never a NaN. Values that are not finite, levels outside (0, 1) and the like are refused with a
// std::runtime_error. Too few values decide nothing: p is 1 and an interval is the whole line.
// Values without any spread leave Student's t undefined; see constant_p.
namespace assay::analyse {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What is claimed of the centre of differences a - b, against H0: it is the shift (two-sided), at
// most the shift (greater), at least the shift (less). "Greater" is thus the claim that a is above
// b by more than the shift.
enum class Alternative { kTwoSided, kGreater, kLess };

struct Interval {
  double low = -kInfinity;
  double high = kInfinity;
  double level = 0.95;      // of confidence, both sides together
  bool degenerate = false;  // too few values, or none that differ: see the procedure
};

struct Outcome {
  double p = 1.0;
  double statistic = 0.0;
  double freedom = 0.0;     // degrees of freedom; 0 for tests that have none
  std::size_t used = 0;     // values (pairs) that the p value rests on
  bool exact = false;       // p is a count over all equally likely outcomes, no approximation
  bool degenerate = false;  // too few values, or none that differ: see the procedure
};

// Numbers that differ by less than this part of the largest one count as equal (ties). Differences
// such as 0.91 - 0.90 and 0.81 - 0.80 are equal to whoever reads them and not to the processor.
inline constexpr double kTie = 1e-10;

// The distance up to which values (minus a shift) are ties.
double tie_width(std::span<const double> values, double shift = 0.0);

// Whether the values are all ties of each other.
bool no_spread(const Summary& summary);

// The p value of a shift test whose values all lie at one point `offset` away from the shift.
// `floor` is the smallest one-sided p of the matching permutation test (2^-n for pairs), which p
// is then: n equal differences prove no more than n equal signs. Against the direction, p is 1.
double constant_p(double offset, double floor, Alternative alternative);

// The interval of values that all lie at one point: that point if the permutation test could
// reject others at this level (2 floor <= 1 - level), else the whole line. Inverts constant_p.
Interval constant_interval(double point, double floor, double level);

// p of a value t of Student's distribution.
double student_p(double t, double freedom, Alternative alternative);

// The value that Student's t exceeds with probability `tail`.
double student_quantile(double tail, double freedom);

// Twice the smaller tail, at most 1; or the tail asked for.
double side_of(double greater, double less, Alternative alternative);

void require_finite(std::span<const double> values, std::string_view what);
void require_probability(double value, std::string_view what);  // in (0, 1)

}  // namespace assay::analyse
