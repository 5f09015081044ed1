#include "runner/analyse/regression.h"

#include <cmath>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace assay::analyse {

namespace {

std::vector<double> scaled(std::span<const double> values, Scale scale, const std::string& name) {
  require_finite(values, name);
  std::vector<double> out(values.begin(), values.end());
  if (scale == Scale::kPlain) return out;
  for (double& value : out) {
    if (!(value > 0)) {
      std::ostringstream message;
      message << name << " = " << value << " has no logarithm: a log-log line needs values above 0";
      throw std::runtime_error(message.str());
    }
    value = std::log(value);
  }
  return out;
}

}  // namespace

Line fit_line(std::span<const double> x_given, std::span<const double> y_given, Scale scale,
              double level) {
  require_probability(level, "level of confidence");
  if (x_given.size() != y_given.size() || x_given.size() < 2)
    throw std::runtime_error("a line needs at least two points, with x and y for each");
  const std::vector<double> x = scaled(x_given, scale, "x");
  const std::vector<double> y = scaled(y_given, scale, "y");
  const Summary sx = summarise(x);
  const Summary sy = summarise(y);
  if (no_spread(sx)) throw std::runtime_error("a line needs points at more than one x");
  double xx = 0.0;
  double xy = 0.0;
  double yy = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - sx.mean) * (x[i] - sx.mean);
    xy += (x[i] - sx.mean) * (y[i] - sy.mean);
    yy += (y[i] - sy.mean) * (y[i] - sy.mean);
  }
  Line out;
  out.slope = xy / xx;
  out.intercept = sy.mean - out.slope * sx.mean;
  out.freedom = static_cast<double>(x.size()) - 2;
  out.slope_interval.level = level;
  out.slope_interval.degenerate = x.size() == 2;
  double residual = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double off = y[i] - sy.mean - out.slope * (x[i] - sx.mean);
    residual += off * off;
  }
  out.r_squared = no_spread(sy) ? 0.0 : 1 - residual / yy;
  if (x.size() == 2) return out;
  out.error = std::sqrt(residual / out.freedom / xx);
  const double half = student_quantile((1 - level) / 2, out.freedom) * out.error;
  out.slope_interval.low = out.slope - half;
  out.slope_interval.high = out.slope + half;
  return out;
}

}  // namespace assay::analyse
