#include "runner/analyse/welch.h"

#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

namespace assay::analyse {

namespace {

struct Difference {
  double mean = 0.0;
  double error = 0.0;  // standard error
  double freedom = 0.0;
  double floor = 1.0;  // smallest p of the permutation test
  bool few = false;
  bool constant = false;
};

// exp of the logarithm, since the number of groupings overflows from some 500 + 500 values on.
double permutation_floor(double a, double b) {
  return std::exp(boost::math::lgamma(a + 1) + boost::math::lgamma(b + 1) -
                  boost::math::lgamma(a + b + 1));
}

Difference difference_of(std::span<const double> a, std::span<const double> b) {
  require_finite(a, "Welch's test, first sample");
  require_finite(b, "Welch's test, second sample");
  Difference out;
  out.few = a.size() < 2 || b.size() < 2;
  if (out.few) return out;
  const Summary sa = summarise(a);
  const Summary sb = summarise(b);
  const auto na = static_cast<double>(sa.count);
  const auto nb = static_cast<double>(sb.count);
  out.mean = sa.mean - sb.mean;
  out.constant = no_spread(sa) && no_spread(sb);
  out.floor = permutation_floor(na, nb);
  if (out.constant) return out;
  const double va = sa.deviation * sa.deviation / na;
  const double vb = sb.deviation * sb.deviation / nb;
  out.error = std::sqrt(va + vb);
  // As parts of the whole, so that small variances do not underflow when squared.
  const double part = va / (va + vb);
  out.freedom = 1 / (part * part / (na - 1) + (1 - part) * (1 - part) / (nb - 1));
  return out;
}

}  // namespace

Outcome welch(std::span<const double> a, std::span<const double> b, Alternative alternative,
              double shift) {
  require_finite({&shift, 1}, "shift");
  const Difference d = difference_of(a, b);
  Outcome out;
  out.used = a.size() + b.size();
  out.degenerate = d.few || d.constant;
  out.freedom = d.freedom;
  if (d.few) return out;
  const double offset = d.mean - shift;
  if (d.constant) {
    const bool none = std::abs(offset) <= tie_width(a, shift) + tie_width(b);
    out.statistic = none ? 0.0 : std::copysign(kInfinity, offset);
    out.p = constant_p(none ? 0.0 : offset, d.floor, alternative);
    return out;
  }
  out.statistic = offset / d.error;
  out.p = student_p(out.statistic, d.freedom, alternative);
  return out;
}

Interval welch_interval(std::span<const double> a, std::span<const double> b, double level) {
  require_probability(level, "level of confidence");
  const Difference d = difference_of(a, b);
  if (d.few) return {-kInfinity, kInfinity, level, true};
  if (d.constant) return constant_interval(d.mean, d.floor, level);
  const double half = student_quantile((1 - level) / 2, d.freedom) * d.error;
  return {d.mean - half, d.mean + half, level, false};
}

}  // namespace assay::analyse
