// The sign-flip test and its interval (see paired.h), in terms of subsets: flipping the signs of a
// subset F makes the sum no smaller exactly where the sum over F is not above 0. So "greater"
// counts subsets with a sum of at most 0, and "less" those with at least 0.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "runner/analyse/paired.h"

namespace assay::analyse {

namespace {

// Sums of all subsets in ascending order: each value doubles the list, by a merge of the sums
// without it and those with it. The merge has no branch to mispredict, and memory is taken once.
std::vector<double> subset_sums(std::span<const double> values) {
  const std::size_t all = std::size_t{1} << values.size();
  std::vector<double> sums(all, 0.0);
  std::vector<double> merged(all);
  std::size_t count = 1;
  for (const double value : values) {
    std::size_t without = 0;
    std::size_t with = 0;
    std::size_t out = 0;
    while (without < count && with < count) {
      const double a = sums[without];
      const double b = sums[with] + value;
      const bool first = a <= b;
      merged[out++] = first ? a : b;
      without += static_cast<std::size_t>(first);
      with += static_cast<std::size_t>(!first);
    }
    while (without < count) merged[out++] = sums[without++];
    while (with < count) merged[out++] = sums[with++] + value;
    sums.swap(merged);
    count = out;
  }
  return sums;
}

// Pairs of one entry of each with a sum of at most `limit`: a walk up one list and down the other.
double pairs_up_to(std::span<const double> a, std::span<const double> b, double limit) {
  std::uint64_t count = 0;
  std::size_t end = b.size();
  for (std::size_t i = 0; i < a.size() && end > 0;) {
    const bool over = a[i] + b[end - 1] > limit;
    end -= static_cast<std::size_t>(over);
    count += over ? 0 : end;
    i += static_cast<std::size_t>(!over);
  }
  return static_cast<double>(count);
}

struct Sides {
  double greater = 1.0;
  double less = 1.0;
};

Sides exact_sides(std::span<const double> values, double width) {
  const std::size_t half = values.size() / 2;
  const std::vector<double> a = subset_sums(values.first(half));
  const std::vector<double> b = subset_sums(values.subspan(half));
  const double all = std::exp2(static_cast<double>(values.size()));
  const double below = pairs_up_to(a, b, std::nextafter(-width, -kInfinity));
  return {pairs_up_to(a, b, width) / all, (all - below) / all};
}

double subset_sum(std::span<const double> values, Stream& stream) {
  double sum = 0.0;
  for (std::size_t i = 0; i < values.size();) {
    std::uint32_t bits = stream.bits();
    const std::size_t end = std::min(values.size(), i + 32);
    for (; i < end; ++i, bits >>= 1) sum += (bits & 1) != 0 ? values[i] : 0.0;
  }
  return sum;
}

Sides sampled_sides(std::span<const double> values, double width, Stream& stream) {
  int greater = 0;
  int less = 0;
  for (int i = 0; i < kFlips; ++i) {
    const double sum = subset_sum(values, stream);
    greater += static_cast<int>(sum <= width);
    less += static_cast<int>(sum >= -width);
  }
  return {(greater + 1.0) / (kFlips + 1.0), (less + 1.0) / (kFlips + 1.0)};
}

Sides sides_of(std::span<const double> differences, double shift, Stream& stream) {
  std::vector<double> values(differences.begin(), differences.end());
  for (double& value : values) value -= shift;
  const double width = tie_width(differences, shift);
  return values.size() <= kExactFlips ? exact_sides(values, width)
                                      : sampled_sides(values, width, stream);
}

// The shift at which `rejected`, true at `outside` and false at `inside`, changes.
template <class Rejected>
double crossing(double outside, double inside, const Rejected& rejected) {
  for (int i = 0; i < 200; ++i) {
    const double middle = std::midpoint(outside, inside);
    if (middle == outside || middle == inside) break;
    (rejected(middle) ? outside : inside) = middle;
  }
  return inside;
}

}  // namespace

Outcome sign_flip(std::span<const double> differences, Alternative alternative, Stream& stream,
                  double shift) {
  require_finite(differences, "sign-flip test");
  require_finite({&shift, 1}, "shift");
  Outcome out;
  out.used = differences.size();
  out.exact = out.used <= kExactFlips;
  out.degenerate = differences.empty();
  if (differences.empty()) return out;
  const Sides sides = sides_of(differences, shift, stream);
  out.statistic = summarise(differences).mean - shift;
  out.p = side_of(sides.greater, sides.less, alternative);
  return out;
}

Interval sign_flip_interval(std::span<const double> differences, double level, Stream& stream) {
  require_finite(differences, "sign-flip interval");
  require_probability(level, "level of confidence");
  // As small as the sampled test can get is as small as it needs to be for any level in use.
  const double tail = (1 - level) / 2 * (1 + 1e-12);
  const auto n = static_cast<double>(differences.size());
  const double floor = differences.size() <= kExactFlips ? std::exp2(-n) : 1 / (kFlips + 1.0);
  if (floor > tail) return {-kInfinity, kInfinity, level, true};
  const Summary s = summarise(differences);
  if (no_spread(s)) return {s.mean, s.mean, level, true};
  // Each shift must meet the same flips, or the limits would not invert one test.
  const auto sides = [&](double shift) {
    Stream same = stream;
    return sides_of(differences, shift, same);
  };
  // No test rejects the mean: of a subset and the rest, one has a sum of at most 0.
  const double margin = s.maximum - s.minimum;
  const auto below = [&](double shift) { return sides(shift).greater <= tail; };
  const auto above = [&](double shift) { return sides(shift).less <= tail; };
  return {crossing(s.minimum - margin, s.mean, below), crossing(s.maximum + margin, s.mean, above),
          level, false};
}

}  // namespace assay::analyse
