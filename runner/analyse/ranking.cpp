#include "runner/analyse/ranking.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "runner/analyse/ranks.h"

namespace assay::analyse {

namespace {

const boost::math::normal kNormal;

struct RankSums {
  std::vector<double> sum;          // of each variant over the tasks
  double ties = 0.0;                // sum over tasks and groups of t^3 - t
  std::vector<std::size_t> groups;  // of the last task
};

RankSums rank_sums(std::span<const double> scores, std::size_t variants) {
  RankSums out;
  out.sum.resize(variants);
  for (std::size_t at = 0; at < scores.size(); at += variants) {
    const auto row = scores.subspan(at, variants);
    const Ranks ranks = ranked(row, tie_width(row));
    for (std::size_t i = 0; i < variants; ++i) out.sum[i] += ranks.rank[i];
    out.ties += ranks.ties;
    out.groups = ranks.groups;
  }
  return out;
}

// The chance that all tasks agree with the last one, if each order is as likely.
double agreement_p(const std::vector<std::size_t>& groups, double variants, double tasks) {
  double log_orders = boost::math::lgamma(variants + 1);
  for (const std::size_t size : groups)
    log_orders -= boost::math::lgamma(static_cast<double>(size) + 1);
  return std::exp(-(tasks - 1) * log_orders);
}

void require_rows(std::size_t scores, std::size_t variants) {
  if (variants < 2) throw std::runtime_error("Friedman's test: needs at least two variants");
  if (scores % variants == 0) return;
  throw std::runtime_error("Friedman's test: " + std::to_string(scores) +
                           " scores are no whole number of tasks of " + std::to_string(variants) +
                           " variants");
}

}  // namespace

Friedman friedman(std::span<const double> scores, std::size_t variants) {
  require_finite(scores, "Friedman's test");
  require_rows(scores.size(), variants);
  Friedman out;
  out.tasks = scores.size() / variants;
  const auto n = static_cast<double>(out.tasks);
  const auto k = static_cast<double>(variants);
  const RankSums ranks = rank_sums(scores, variants);
  for (const double sum : ranks.sum) out.average_ranks.push_back(n > 0 ? sum / n : (k + 1) / 2);
  out.chi_squared.used = out.f.used = out.tasks;
  out.chi_squared.freedom = out.f.freedom = k - 1;
  out.error_freedom = std::max(0.0, (k - 1) * (n - 1));
  // What the ranks would vary by if nothing were tied, less what ties take away.
  const double scale = n * k * (k + 1) - ranks.ties / (k - 1);
  out.chi_squared.degenerate = out.f.degenerate = out.tasks < 2 || scale <= 0;
  if (out.f.degenerate) return out;
  double squares = 0.0;
  for (const double sum : ranks.sum) squares += (sum - n * (k + 1) / 2) * (sum - n * (k + 1) / 2);
  const double x = 12 * squares / scale;
  out.chi_squared.statistic = x;
  out.chi_squared.p = boost::math::cdf(boost::math::complement(boost::math::chi_squared(k - 1), x));
  const double rest = n * (k - 1) - x;
  if (rest <= 1e-9 * n * (k - 1)) {
    out.f.statistic = kInfinity;
    out.f.p = agreement_p(ranks.groups, k, n);
    return out;
  }
  out.f.statistic = (n - 1) * x / rest;
  out.f.p = boost::math::cdf(
      boost::math::complement(boost::math::fisher_f(k - 1, out.error_freedom), out.f.statistic));
  return out;
}

double critical_difference(std::size_t variants, std::size_t tasks, double alpha) {
  require_probability(alpha, "alpha");
  if (variants < 2) throw std::runtime_error("critical difference: needs at least two variants");
  if (tasks == 0) return kInfinity;
  const auto k = static_cast<double>(variants);
  const double q = normal_range_quantile(1 - alpha, variants);
  return q / std::sqrt(2.0) * std::sqrt(k * (k + 1) / (6 * static_cast<double>(tasks)));
}

std::vector<std::vector<std::size_t>> rank_groups(std::span<const double> average_ranks,
                                                  double critical_difference) {
  require_finite(average_ranks, "average ranks");
  std::vector<std::size_t> order(average_ranks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return average_ranks[a] < average_ranks[b];
  });
  std::vector<std::vector<std::size_t>> out;
  std::size_t end = 0;
  for (std::size_t first = 0; first < order.size(); ++first) {
    const std::size_t before = end;
    while (end < order.size() &&
           average_ranks[order[end]] - average_ranks[order[first]] < critical_difference)
      ++end;
    // A run that ends where the last one did lies within it.
    if (end > before && end - first >= 2)
      out.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(first),
                       order.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return out;
}

double normal_range_cdf(double q, std::size_t count) {
  if (count < 2) throw std::runtime_error("studentised range: needs at least two values");
  if (!(q > 0)) return 0.0;
  const auto integrand = [&](double z) {
    const double between = boost::math::cdf(kNormal, z) - boost::math::cdf(kNormal, z - q);
    return boost::math::pdf(kNormal, z) * std::pow(between, static_cast<double>(count - 1));
  };
  constexpr double kFar = 9.0;  // the density beyond is below 1e-18
  constexpr int kPanels = 36;
  double sum = 0.0;
  for (int i = 0; i < kPanels; ++i) {
    const double low = -kFar + 2 * kFar * i / kPanels;
    sum += boost::math::quadrature::gauss<double, 15>::integrate(integrand, low,
                                                                 low + 2 * kFar / kPanels);
  }
  return std::min(1.0, static_cast<double>(count) * sum);
}

double normal_range_quantile(double probability, std::size_t count) {
  require_probability(probability, "probability");
  const auto off = [&](double q) { return normal_range_cdf(q, count) - probability; };
  double high = 4.0;
  while (off(high) < 0 && high < 64) high *= 2;
  std::uintmax_t steps = 200;
  const auto [a, b] = boost::math::tools::toms748_solve(
      off, 0.0, high, boost::math::tools::eps_tolerance<double>(44), steps);
  return std::midpoint(a, b);
}

}  // namespace assay::analyse
