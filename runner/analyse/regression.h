#pragma once

#include "runner/analyse/outcome.h"

namespace assay::analyse {

enum class Scale { kPlain, kLogLog };

// A line y = intercept + slope x; on log-log scale, ln y = intercept + slope ln x.
struct Line {
  double slope = 0.0;
  double intercept = 0.0;
  double error = kInfinity;  // standard error of the slope
  Interval slope_interval;
  double r_squared = 0.0;
  double freedom = 0.0;  // n - 2
};

// Least squares. On log-log scale the slope is the exponent of a rate: loss against parameters,
// error against step size.
// Assumes: independent residuals of equal variance about a true line (on log-log scale: equal
// relative errors), normal for the interval, slope ± t(n - 2) error. Look at the points as well:
// R^2 near 1 does not show that a power law holds. Two points: their line, with infinite error. y
// constant: R^2 is 0.
// Refused: fewer than two points, x that does not vary, numbers at or below 0 on log-log scale.
Line fit_line(std::span<const double> x, std::span<const double> y, Scale scale,
              double level = 0.95);

}  // namespace assay::analyse
