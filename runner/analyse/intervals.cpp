#include "runner/analyse/intervals.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace assay::analyse {

namespace {

const boost::math::normal kNormal;

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Reorders its argument.
double median_of(std::span<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return std::midpoint(*std::max_element(values.begin(), middle), *middle);
}

double centre_of(std::span<double> values, Centre centre) {
  return centre == Centre::kMean ? mean_of(values) : median_of(values);
}

std::vector<double> resampled(std::span<const double> values, Centre centre, int resamples,
                              Stream& stream) {
  std::vector<double> out(static_cast<std::size_t>(resamples));
  std::vector<double> drawn(values.size());
  for (double& estimate : out) {
    for (double& value : drawn) value = values[stream.below(values.size())];
    estimate = centre_of(drawn, centre);
  }
  std::sort(out.begin(), out.end());
  return out;
}

double acceleration(std::span<const double> values, Centre centre) {
  std::vector<double> left;
  std::vector<double> estimates;
  for (std::size_t out = 0; out < values.size(); ++out) {
    left.assign(values.begin(), values.end());
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(out));
    estimates.push_back(centre_of(left, centre));
  }
  const double mean = mean_of(estimates);
  double squares = 0.0;
  double cubes = 0.0;
  for (const double estimate : estimates) {
    const double off = mean - estimate;
    squares += off * off;
    cubes += off * off * off;
  }
  return squares > 0.0 ? cubes / (6 * std::pow(squares, 1.5)) : 0.0;
}

// Linear between order statistics.
double quantile_of(std::span<const double> sorted, double part) {
  const double place = part * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  if (below + 1 >= sorted.size()) return sorted.back();
  return std::lerp(sorted[below], sorted[below + 1], place - static_cast<double>(below));
}

// The part of the resamples below the estimate; of resamples that are ties of it, half.
double part_below(std::span<const double> sorted, double estimate, double width) {
  const auto low = std::lower_bound(sorted.begin(), sorted.end(), estimate - width);
  const auto high = std::upper_bound(low, sorted.end(), estimate + width);
  const auto twice = (low - sorted.begin()) + (high - sorted.begin());
  return static_cast<double>(twice) / (2.0 * static_cast<double>(sorted.size()));
}

double corrected(double z, double bias, double acceleration) {
  const double off = bias + z;
  const double scale = 1 - acceleration * off;
  // Past the pole the formula would turn round: the outermost resample is all there is to give.
  if (scale <= 0) return off > 0 ? 1.0 : 0.0;
  return boost::math::cdf(kNormal, bias + off / scale);
}

}  // namespace

std::vector<double> differences(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size())
    throw std::runtime_error("pairs need as many values on both sides, not " +
                             std::to_string(a.size()) + " and " + std::to_string(b.size()));
  std::vector<double> out(a.size());
  std::transform(a.begin(), a.end(), b.begin(), out.begin(), std::minus<>());
  return out;
}

Interval t_interval(std::span<const double> values, double level) {
  require_finite(values, "t interval");
  require_probability(level, "level of confidence");
  if (values.size() < 2) return {-kInfinity, kInfinity, level, true};
  const Summary s = summarise(values);
  const auto n = static_cast<double>(s.count);
  if (no_spread(s)) return constant_interval(s.mean, std::exp2(-n), level);
  const double half = student_quantile((1 - level) / 2, n - 1) * s.deviation / std::sqrt(n);
  return {s.mean - half, s.mean + half, level, false};
}

Interval bca_interval(std::span<const double> values, Centre centre, double level, Stream& stream,
                      int resamples) {
  require_finite(values, "bootstrap interval");
  require_probability(level, "level of confidence");
  if (resamples < 1) throw std::runtime_error("bootstrap interval: needs at least one resample");
  if (values.size() < 2) return {-kInfinity, kInfinity, level, true};
  const Summary s = summarise(values);
  if (no_spread(s))
    return constant_interval(s.mean, std::exp2(-static_cast<double>(s.count)), level);
  const std::vector<double> estimates = resampled(values, centre, resamples, stream);
  const double estimate = centre == Centre::kMean ? s.mean : s.median;
  const double below = part_below(estimates, estimate, tie_width(values));
  const double tail = (1 - level) / 2;
  if (below <= 0.0 || below >= 1.0)
    return {quantile_of(estimates, tail), quantile_of(estimates, 1 - tail), level, true};
  const double bias = boost::math::quantile(kNormal, below);
  const double a = acceleration(values, centre);
  const double z = boost::math::quantile(kNormal, tail);
  return {quantile_of(estimates, corrected(z, bias, a)),
          quantile_of(estimates, corrected(-z, bias, a)), level, false};
}

}  // namespace assay::analyse
