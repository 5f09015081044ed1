#include "runner/analyse/outcome.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace assay::analyse {

double tie_width(std::span<const double> values, double shift) {
  double largest = std::abs(shift);
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return kTie * largest;
}

bool no_spread(const Summary& summary) {
  const double largest = std::max(std::abs(summary.minimum), std::abs(summary.maximum));
  return summary.maximum - summary.minimum <= kTie * largest;
}

double constant_p(double offset, double floor, Alternative alternative) {
  if (offset == 0.0) return 1.0;
  if (alternative == Alternative::kTwoSided) return std::min(1.0, 2 * floor);
  const bool along = (offset > 0) == (alternative == Alternative::kGreater);
  return along ? floor : 1.0;
}

Interval constant_interval(double point, double floor, double level) {
  // The part of 1e-12 forgives the rounding of 1 - level.
  if (2 * floor > (1 - level) * (1 + 1e-12)) return {-kInfinity, kInfinity, level, true};
  return {point, point, level, true};
}

double student_p(double t, double freedom, Alternative alternative) {
  const boost::math::students_t distribution(freedom);
  switch (alternative) {
    case Alternative::kGreater:
      return boost::math::cdf(boost::math::complement(distribution, t));
    case Alternative::kLess:
      return boost::math::cdf(distribution, t);
    default:
      return 2 * boost::math::cdf(boost::math::complement(distribution, std::abs(t)));
  }
}

double student_quantile(double tail, double freedom) {
  return boost::math::quantile(boost::math::complement(boost::math::students_t(freedom), tail));
}

double side_of(double greater, double less, Alternative alternative) {
  if (alternative == Alternative::kGreater) return greater;
  if (alternative == Alternative::kLess) return less;
  return std::min(1.0, 2 * std::min(greater, less));
}

void require_finite(std::span<const double> values, std::string_view what) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    std::ostringstream message;
    message << what << ": value " << i + 1 << " of " << values.size() << " is " << values[i]
            << "; statistics need finite numbers";
    throw std::runtime_error(message.str());
  }
}

void require_probability(double value, std::string_view what) {
  if (value > 0.0 && value < 1.0) return;
  std::ostringstream message;
  message << what << " = " << value << " is out of range; allowed: above 0 and below 1";
  throw std::runtime_error(message.str());
}

}  // namespace assay::analyse
