#pragma once

#include <vector>

#include "runner/analyse/outcome.h"

// Many variants on many tasks (Demsar 2006, JMLR 7:1). Scores are one row a task, variants side by
// side; only their order within a task counts, so tasks need no common scale. Rank 1 is the
// smallest score: negate scores where more is better.
namespace assay::analyse {

struct Friedman {
  Outcome chi_squared;                // chi-squared with k - 1 degrees of freedom
  Outcome f;                          // Iman-Davenport; statistic F, freedom is the numerator's
  double error_freedom = 0.0;         // of F: (k - 1)(n - 1)
  std::vector<double> average_ranks;  // of each variant
  std::size_t tasks = 0;
};

// Friedman's test of "all variants are alike", with correction for ties within tasks; and Iman and
// Davenport's F = (n - 1) X / (n (k - 1) - X) (1980), less conservative: choose F.
// Assumes: independent tasks; n above 10 or so and k above 5, or both approximations are rough.
// Scores within kTie of the largest of their task are ties and share a rank.
// All tied everywhere, or fewer than 2 tasks: statistic 0, p = 1. All tasks in one order (F
// infinite): p of F is the exact one, (prod t! / k!)^(n - 1), t sizes of groups of ties.
Friedman friedman(std::span<const double> scores, std::size_t variants);

// Nemenyi's critical difference of average ranks: q / sqrt(2) * sqrt(k (k + 1) / (6 n)), q the
// upper alpha point of the studentised range of k with infinite degrees of freedom. Variants whose
// average ranks differ by at least so much differ, with all k (k - 1) / 2 comparisons taken
// together. No tasks: infinite.
double critical_difference(std::size_t variants, std::size_t tasks, double alpha = 0.05);

// Variants that cannot be told apart: the maximal runs, by ascending rank, whose outermost average
// ranks differ by less than the critical difference. Each is a list of variants by rank, two at
// least; none lies within another. Equal ranks stay in the order given.
std::vector<std::vector<std::size_t>> rank_groups(std::span<const double> average_ranks,
                                                  double critical_difference);

// The studentised range with infinite degrees of freedom, max - min of k standard normals: P(R <=
// q) = k int phi(z) (Phi(z) - Phi(z - q))^(k - 1) dz, by Gauss-Legendre panels. k >= 2.
double normal_range_cdf(double q, std::size_t count);
double normal_range_quantile(double probability, std::size_t count);

}  // namespace assay::analyse
