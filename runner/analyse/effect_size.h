#pragma once

#include "runner/analyse/outcome.h"

// How large a difference is, beside whether there is one.
namespace assay::analyse {

struct Effect {
  double value = 0.0;   // d_z
  double hedges = 0.0;  // d_z without its bias: J(n - 1) d_z
  Interval interval;    // of d_z
  bool degenerate = false;
};

// Cohen's d_z = mean / s of paired differences: how many of its own standard deviations a
// difference is away from 0. The interval holds the d for which the observed t = d_z sqrt(n) lies
// within the noncentral t with noncentrality d sqrt(n) (Steiger and Fouladi 1997).
// Assumes normal differences. d_z grows when pairing removes noise; it does not compare with the d
// of independent groups.
// n < 2: 0, the interval the whole line. No spread: infinite with the sign of the mean (0 if the
// mean is 0), the interval the whole line.
Effect paired_effect(std::span<const double> differences, double level = 0.95);

// Hedges' J(m) = Gamma(m / 2) / (sqrt(m / 2) Gamma((m - 1) / 2)) (Hedges 1981), the exact factor
// that takes the bias out of an effect size with m degrees of freedom. m < 2: 0, since an estimate
// with one degree of freedom has no mean that could be corrected.
double hedges_factor(double freedom);

// Cliff's delta (1993): P(a > b) - P(a < b) over all couples of one value of each; -1 to 1.
// Assumes nothing about shape or pairs. Ties count neither way.
// Either side empty: 0.
double cliffs_delta(std::span<const double> a, std::span<const double> b);

// The part of pairs with a difference above 0; ties (see kTie) count half. None: 1/2.
double win_rate(std::span<const double> differences);

}  // namespace assay::analyse
