#pragma once

#include <vector>

#include "runner/analyse/outcome.h"
#include "runner/registry/random.h"

// Intervals of the centre of a sample. For pairs, give them the differences.
namespace assay::analyse {

// a - b by pairs. Throws where the lengths differ: a value without its partner is no pair.
std::vector<double> differences(std::span<const double> a, std::span<const double> b);

// Student's interval of the mean: mean ± t(1 - (1 - level) / 2, n - 1) s / sqrt(n).
// Assumes: independent values, normal, or n large enough for their mean to be (some 30; fewer
// where the distribution is symmetric).
// Choose it first: at few seeds it covers better than a bootstrap.
// n < 2: the whole line. No spread: see constant_interval, with floor 2^-n.
Interval t_interval(std::span<const double> values, double level = 0.95);

enum class Centre { kMean, kMedian };

inline constexpr int kResamples = 10000;

// Bias-corrected and accelerated bootstrap (Efron 1987, JASA 82:171, sections 3 and 4). With z0
// the normal quantile of the part of resamples below the estimate (ties count half), and a the
// jackknife's acceleration sum (m - m_i)^3 / (6 (sum (m - m_i)^2)^1.5), the limits are the
// quantiles at Phi(z0 + (z0 + z) / (1 - a (z0 + z))) of the resamples, z = Phi^-1((1 - level) / 2)
// and -z.
// Assumes: independent values; says nothing that the sample does not hold.
// Choose it from some 15 values on where they are skewed or for the median: at 5 values a nominal
// 95% covers 80 to 84%.
// The same stream gives the same interval; `stream` is left further on.
// n < 2: the whole line. No spread: see constant_interval. All resamples on one side of the
// estimate (z0 infinite): the plain percentiles, degenerate.
// The median's jackknife sees the middle three values alone; its acceleration is then small, often
// 0.
Interval bca_interval(std::span<const double> values, Centre centre, double level, Stream& stream,
                      int resamples = kResamples);

}  // namespace assay::analyse
