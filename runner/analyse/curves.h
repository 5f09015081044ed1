#pragma once

#include "runner/analyse/outcome.h"

// Curves of a metric against a budget (steps, seconds, evaluations): several points, straight
// between them. Nothing is extrapolated: what lies outside a curve's budgets is refused.
namespace assay::analyse {

enum class Axis { kLinear, kLog };

// Budgets ascending without repeats, above 0 on a log axis; as many values; at least one.
struct Curve {
  std::span<const double> budget;
  std::span<const double> value;
};

// The value at a budget; on a log axis it is linear in ln(budget). Compare variants at matched
// budget by the differences of these, seed by seed.
double value_at(const Curve& curve, double budget, Axis axis);

// The budgets that all curves cover. Throws where there are none in common.
struct Range {
  double low = 0.0;
  double high = 0.0;
};
Range common_range(std::span<const Curve> curves);

struct Area {
  double area = 0.0;  // in budget units times value; on a log axis, e-folds times value
  double mean = 0.0;  // area / width: the mean height, comparable between ranges
};

// Trapezoids over the range, the ends interpolated. Compare curves over their common range only. A
// range of width 0: area 0, the mean is the value there.
Area area_under(const Curve& curve, Range range, Axis axis);

}  // namespace assay::analyse
