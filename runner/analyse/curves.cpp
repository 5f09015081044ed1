#include "runner/analyse/curves.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace assay::analyse {

namespace {

void require_curve(const Curve& curve, Axis axis) {
  if (curve.budget.empty() || curve.budget.size() != curve.value.size())
    throw std::runtime_error("a curve needs points, with a budget and a value for each");
  require_finite(curve.budget, "budgets of a curve");
  require_finite(curve.value, "values of a curve");
  const auto later = std::adjacent_find(curve.budget.begin(), curve.budget.end(),
                                        [](double a, double b) { return a >= b; });
  if (later != curve.budget.end()) {
    std::ostringstream message;
    message << "budgets of a curve must ascend, but " << later[1] << " follows " << later[0];
    throw std::runtime_error(message.str());
  }
  if (axis == Axis::kLinear || curve.budget.front() > 0) return;
  std::ostringstream message;
  message << "budget " << curve.budget.front() << " has no place on a log axis";
  throw std::runtime_error(message.str());
}

void require_inside(const Curve& curve, double budget) {
  if (budget >= curve.budget.front() && budget <= curve.budget.back()) return;
  std::ostringstream message;
  message << "budget " << budget << " is outside the curve, which covers " << curve.budget.front()
          << " to " << curve.budget.back();
  throw std::runtime_error(message.str());
}

double place(double budget, Axis axis) {
  return axis == Axis::kLog ? std::log(budget) : budget;
}

double interpolated(const Curve& curve, double budget, Axis axis) {
  const auto next = std::lower_bound(curve.budget.begin(), curve.budget.end(), budget);
  const auto i = static_cast<std::size_t>(next - curve.budget.begin());
  if (*next == budget) return curve.value[i];
  const double low = place(curve.budget[i - 1], axis);
  const double high = place(curve.budget[i], axis);
  return std::lerp(curve.value[i - 1], curve.value[i], (place(budget, axis) - low) / (high - low));
}

}  // namespace

double value_at(const Curve& curve, double budget, Axis axis) {
  require_curve(curve, axis);
  require_inside(curve, budget);
  return interpolated(curve, budget, axis);
}

Range common_range(std::span<const Curve> curves) {
  if (curves.empty()) throw std::runtime_error("a common range needs curves");
  Range out{-kInfinity, kInfinity};
  for (const Curve& curve : curves) {
    require_curve(curve, Axis::kLinear);
    out.low = std::max(out.low, curve.budget.front());
    out.high = std::min(out.high, curve.budget.back());
  }
  if (out.low <= out.high) return out;
  std::ostringstream message;
  message << "the curves have no budget in common: one ends at " << out.high
          << ", another begins at " << out.low;
  throw std::runtime_error(message.str());
}

Area area_under(const Curve& curve, Range range, Axis axis) {
  require_curve(curve, axis);
  require_inside(curve, range.low);
  require_inside(curve, range.high);
  if (range.low > range.high)
    throw std::runtime_error("the range of an area ends before it begins");
  double from = place(range.low, axis);
  double height = interpolated(curve, range.low, axis);
  if (range.low == range.high) return {0.0, height};
  Area out;
  const auto add = [&](double budget, double value) {
    const double to = place(budget, axis);
    out.area += (to - from) * (height + value) / 2;
    from = to;
    height = value;
  };
  for (std::size_t i = 0; i < curve.budget.size(); ++i)
    if (curve.budget[i] > range.low && curve.budget[i] < range.high)
      add(curve.budget[i], curve.value[i]);
  add(range.high, interpolated(curve, range.high, axis));
  out.mean = out.area / (place(range.high, axis) - place(range.low, axis));
  return out;
}

}  // namespace assay::analyse
