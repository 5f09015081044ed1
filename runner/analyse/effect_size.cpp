#include "runner/analyse/effect_size.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <vector>

#include "runner/analyse/noncentral_t.h"

namespace assay::analyse {

double hedges_factor(double freedom) {
  if (freedom < 2) return 0.0;
  return std::exp(boost::math::lgamma(freedom / 2) - boost::math::lgamma((freedom - 1) / 2)) /
         std::sqrt(freedom / 2);
}

Effect paired_effect(std::span<const double> differences, double level) {
  require_finite(differences, "effect size");
  require_probability(level, "level of confidence");
  const Summary s = summarise(differences);
  Effect out;
  out.interval.level = level;
  out.degenerate = out.interval.degenerate = s.count < 2 || no_spread(s);
  if (s.count < 2) return out;
  if (out.degenerate) {
    out.value = s.mean == 0 ? 0.0 : std::copysign(kInfinity, s.mean);
    out.hedges = out.value;
    return out;
  }
  const auto n = static_cast<double>(s.count);
  out.value = s.mean / s.deviation;
  out.hedges = hedges_factor(n - 1) * out.value;
  const double t = out.value * std::sqrt(n);
  const double tail = (1 - level) / 2;
  out.interval.low = noncentrality_at(t, n - 1, tail) / std::sqrt(n);
  out.interval.high = noncentrality_at(t, n - 1, 1 - tail) / std::sqrt(n);
  return out;
}

double cliffs_delta(std::span<const double> a, std::span<const double> b) {
  require_finite(a, "Cliff's delta, first sample");
  require_finite(b, "Cliff's delta, second sample");
  if (a.empty() || b.empty()) return 0.0;
  const double width = std::max(tie_width(a), tie_width(b));
  std::vector<double> sorted(b.begin(), b.end());
  std::sort(sorted.begin(), sorted.end());
  double sum = 0.0;
  for (const double value : a) {
    const auto below = std::lower_bound(sorted.begin(), sorted.end(), value - width);
    const auto above = std::upper_bound(sorted.begin(), sorted.end(), value + width);
    sum += static_cast<double>((below - sorted.begin()) - (sorted.end() - above));
  }
  return sum / (static_cast<double>(a.size()) * static_cast<double>(b.size()));
}

double win_rate(std::span<const double> differences) {
  require_finite(differences, "win rate");
  if (differences.empty()) return 0.5;
  const double width = tie_width(differences);
  double wins = 0.0;
  for (const double value : differences) {
    if (std::abs(value) <= width)
      wins += 0.5;
    else if (value > 0)
      wins += 1.0;
  }
  return wins / static_cast<double>(differences.size());
}

}  // namespace assay::analyse
