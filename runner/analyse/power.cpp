#include "runner/analyse/power.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "runner/analyse/noncentral_t.h"
#include "runner/analyse/paired.h"

namespace assay::analyse {

namespace {

constexpr std::size_t kMostPairs = 10'000'000;

void require_sizes(double alpha, double power) {
  require_probability(alpha, "alpha");
  require_probability(power, "power");
  if (power > alpha) return;
  std::ostringstream message;
  message << "power = " << power << " is no more than alpha = " << alpha
          << ", which a test has without any effect";
  throw std::runtime_error(message.str());
}

// Of an effect of this size, in the direction of the alternative.
double power_of(std::size_t pairs, double size, double alpha, bool two_sided) {
  if (pairs < 2) return 0.0;
  const auto n = static_cast<double>(pairs);
  const double limit = student_quantile(two_sided ? alpha / 2 : alpha, n - 1);
  const double delta = size * std::sqrt(n);
  double out = noncentral_t_above(limit, n - 1, delta);
  if (two_sided) out += noncentral_t_above(limit, n - 1, -delta);
  return std::min(1.0, out);
}

// The smallest count in (low, high] for which `enough` holds; it must hold at high and not at low.
template <class Enough>
std::size_t first_enough(std::size_t low, std::size_t high, const Enough& enough) {
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (enough(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace

double smallest_p(Test test, std::size_t pairs, Alternative alternative) {
  if (test == Test::kPairedT) return pairs < 2 ? 1.0 : 0.0;
  double p = std::exp2(-static_cast<double>(pairs));
  if (test == Test::kSignFlip && pairs > kExactFlips) p = 1 / (kFlips + 1.0);
  return std::min(1.0, alternative == Alternative::kTwoSided ? 2 * p : p);
}

std::size_t pairs_to_reach(Test test, double alpha, Alternative alternative) {
  require_probability(alpha, "alpha");
  constexpr std::size_t kMost = 1100;  // 2^-1100 is 0
  for (std::size_t pairs = 1; pairs <= kMost; ++pairs)
    if (smallest_p(test, pairs, alternative) <= alpha) return pairs;
  throw std::runtime_error("no number of pairs reaches this alpha");
}

double paired_t_power(std::size_t pairs, double effect, double alpha, Alternative alternative) {
  require_finite({&effect, 1}, "effect");
  require_probability(alpha, "alpha");
  return power_of(pairs, alternative == Alternative::kLess ? -effect : effect, alpha,
                  alternative == Alternative::kTwoSided);
}

double detectable_effect(Test test, std::size_t pairs, double alpha, double power,
                         Alternative alternative) {
  require_sizes(alpha, power);
  if (smallest_p(test, pairs, alternative) > alpha || pairs < 2) return kInfinity;
  const bool two_sided = alternative == Alternative::kTwoSided;
  const auto off = [&](double size) { return power_of(pairs, size, alpha, two_sided) - power; };
  double high = 1.0;
  while (off(high) < 0 && high < 1e9) high *= 2;
  std::uintmax_t steps = 200;
  const auto [a, b] = boost::math::tools::toms748_solve(
      off, 0.0, high, boost::math::tools::eps_tolerance<double>(40), steps);
  return std::midpoint(a, b);
}

std::size_t pairs_needed(Test test, double effect, double alpha, double power,
                         Alternative alternative) {
  require_finite({&effect, 1}, "effect");
  require_sizes(alpha, power);
  const double size = std::abs(effect);
  const bool two_sided = alternative == Alternative::kTwoSided;
  const auto enough = [&](std::size_t n) { return power_of(n, size, alpha, two_sided) >= power; };
  std::size_t high = 2;
  while (high < kMostPairs && !enough(high)) high *= 2;
  if (!enough(high)) {
    std::ostringstream message;
    message << "an effect of " << size << " standard deviations needs more than " << kMostPairs
            << " pairs";
    throw std::runtime_error(message.str());
  }
  return std::max(first_enough(1, high, enough), pairs_to_reach(test, alpha, alternative));
}

}  // namespace assay::analyse
