#include "runner/analyse/paired.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "runner/analyse/ranks.h"

namespace assay::analyse {

namespace {

// Of the differences from the shift, ties of it set to exactly 0.
std::vector<double> shifted(std::span<const double> values, double shift) {
  const double width = tie_width(values, shift);
  std::vector<double> out;
  for (const double value : values) {
    const double off = value - shift;
    out.push_back(std::abs(off) <= width ? 0.0 : off);
  }
  return out;
}

struct SignedRanks {
  std::vector<std::size_t> doubled;
  std::size_t above = 0;  // doubled sum of the ranks of positive differences
  std::size_t total = 0;
  double ties = 0.0;  // sum over groups of ties of t^3 - t
};

SignedRanks signed_ranks(std::span<const double> nonzero, double width) {
  std::vector<double> sizes;
  for (const double value : nonzero) sizes.push_back(std::abs(value));
  const Ranks ranks = ranked(sizes, width);
  SignedRanks out;
  out.ties = ranks.ties;
  for (std::size_t i = 0; i < nonzero.size(); ++i) {
    const auto doubled = static_cast<std::size_t>(2 * ranks.rank[i]);
    out.doubled.push_back(doubled);
    out.total += doubled;
    if (nonzero[i] > 0) out.above += doubled;
  }
  return out;
}

double normal_rank_p(const SignedRanks& ranks, Alternative alternative) {
  const auto n = static_cast<double>(ranks.doubled.size());
  const double mean = n * (n + 1) / 4;
  const double deviation = std::sqrt(n * (n + 1) * (2 * n + 1) / 24 - ranks.ties / 48);
  const double above = static_cast<double>(ranks.above) / 2;
  const boost::math::normal normal;
  const double greater =
      boost::math::cdf(boost::math::complement(normal, (above - mean - 0.5) / deviation));
  const double less = boost::math::cdf(normal, (above - mean + 0.5) / deviation);
  return side_of(greater, less, alternative);
}

}  // namespace

Outcome paired_t(std::span<const double> differences, Alternative alternative, double shift) {
  require_finite(differences, "paired t test");
  require_finite({&shift, 1}, "shift");
  const Summary s = summarise(differences);
  Outcome out;
  out.used = s.count;
  out.degenerate = s.count < 2 || no_spread(s);
  if (s.count < 2) return out;
  const auto n = static_cast<double>(s.count);
  out.freedom = n - 1;
  const double offset = s.mean - shift;
  if (out.degenerate) {
    const bool none = std::abs(offset) <= tie_width(differences, shift);
    out.statistic = none ? 0.0 : std::copysign(kInfinity, offset);
    out.p = constant_p(none ? 0.0 : offset, std::exp2(-n), alternative);
    return out;
  }
  out.statistic = offset / (s.deviation / std::sqrt(n));
  out.p = student_p(out.statistic, out.freedom, alternative);
  return out;
}

double rank_sum_tail(std::span<const std::size_t> doubled_ranks, std::size_t doubled) {
  std::vector<double> probability = {1.0};  // of each doubled sum
  for (const std::size_t rank : doubled_ranks) {
    probability.resize(probability.size() + rank, 0.0);
    for (std::size_t sum = probability.size(); sum-- > 0;)
      probability[sum] = 0.5 * (probability[sum] + (sum >= rank ? probability[sum - rank] : 0.0));
  }
  if (doubled >= probability.size()) return 0.0;
  // From the far end, so that small terms are summed first.
  double tail = 0.0;
  for (std::size_t sum = probability.size(); sum-- > doubled;) tail += probability[sum];
  return std::min(1.0, tail);
}

Outcome wilcoxon(std::span<const double> differences, Alternative alternative, double shift) {
  require_finite(differences, "Wilcoxon's test");
  require_finite({&shift, 1}, "shift");
  std::vector<double> nonzero = shifted(differences, shift);
  std::erase(nonzero, 0.0);
  Outcome out;
  out.used = nonzero.size();
  out.exact = out.used <= kExactRanks;
  out.degenerate = nonzero.empty();
  if (nonzero.empty()) return out;
  const SignedRanks ranks = signed_ranks(nonzero, tie_width(differences, shift));
  out.statistic = static_cast<double>(ranks.above) / 2;
  if (!out.exact) {
    out.p = normal_rank_p(ranks, alternative);
    return out;
  }
  // The distribution is symmetric: at most `above` is as likely as at least total - above.
  out.p = side_of(rank_sum_tail(ranks.doubled, ranks.above),
                  rank_sum_tail(ranks.doubled, ranks.total - ranks.above), alternative);
  return out;
}

}  // namespace assay::analyse
