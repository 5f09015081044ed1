#include "runner/analyse/summary.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace assay::analyse {

namespace {

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return std::midpoint(*std::max_element(values.begin(), middle), *middle);
}

}  // namespace

Summary summarise(std::span<const double> values) {
  Summary out;
  out.count = values.size();
  if (values.empty()) return out;
  for (const double value : values) out.mean += value;
  out.mean /= static_cast<double>(values.size());
  double squares = 0.0;
  for (const double value : values) squares += (value - out.mean) * (value - out.mean);
  if (values.size() > 1)
    out.deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  out.minimum = *low;
  out.maximum = *high;
  out.median = median_of({values.begin(), values.end()});
  return out;
}

double half_width_95(const Summary& summary) {
  if (summary.count < 2) return std::numeric_limits<double>::infinity();
  const auto n = static_cast<double>(summary.count);
  const boost::math::students_t distribution(n - 1);
  return boost::math::quantile(distribution, 0.975) * summary.deviation / std::sqrt(n);
}

}  // namespace assay::analyse
