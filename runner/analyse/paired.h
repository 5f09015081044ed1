#pragma once

#include "runner/analyse/outcome.h"
#include "runner/registry/random.h"

// Tests of paired differences. All take the differences a - b, a side and a shift: H0 says that
// the centre is the shift (two-sided), at most it (greater), at least it (less).
namespace assay::analyse {

// Student's t of the mean difference: (mean - shift) / (s / sqrt(n)), n - 1 degrees of freedom.
// Assumes: independent normal differences; with few pairs nothing in the data can show that they
// are.
// Choose it where the exact tests cannot reach the level (5 pairs, two-sided) and normality is
// granted.
// n < 2: p = 1. No spread: p = 2^-n (see constant_p), the statistic infinite or 0.
Outcome paired_t(std::span<const double> differences, Alternative alternative, double shift = 0.0);

// Up to so many pairs sign flips are counted, beyond they are sampled, so many times.
inline constexpr std::size_t kExactFlips = 32;
inline constexpr int kFlips = 9999;

// Permutation test of the mean difference by flipping signs (Fisher 1935, The Design of
// Experiments, section 21): p is the part of the 2^n ways to sign the differences (minus shift)
// whose mean is at least as far out as the one observed.
// Two-sided: twice the smaller side.
// Assumes: independent differences, symmetric about their centre; nothing about their shape. For
// variants that share a seed, symmetry follows from H0 "the two do not differ" alone.
// Choose it by default. Equal means count as at least as far (ties: see kTie), so zeros and ties
// raise p.
// Smallest p: 2^-n, two-sided 2^(1 - n).
// n = 0: p = 1.
// Exact up to kExactFlips pairs, by sorted subset sums of both halves (Horowitz and Sahni 1974),
// which draws nothing; beyond, (b + 1) / (m + 1) of m = kFlips drawn ones (Phipson and Smyth
// 2010).
Outcome sign_flip(std::span<const double> differences, Alternative alternative, Stream& stream,
                  double shift = 0.0);

// The shifts that sign_flip does not reject: from the k-th smallest to the k-th largest mean of a
// subset of the differences, k = floor((1 - level) / 2 * 2^n) (Hartigan 1969, JASA 64:1303).
// Agrees with sign_flip always: a shift lies outside exactly when the two-sided p is at most 1 -
// level.
// Assumes the same. k = 0 (fewer than 6 pairs at 95%): the whole line, degenerate. Beyond
// kExactFlips pairs both agree if both get a stream of the same key.
Interval sign_flip_interval(std::span<const double> differences, double level, Stream& stream);

// Up to so many nonzero differences the distribution of the rank sum is exact.
inline constexpr std::size_t kExactRanks = 300;

// Wilcoxon's signed-rank test (Wilcoxon 1945): the sum of the ranks of |difference - shift| of
// those above the shift, over all ways to sign these ranks.
// Two-sided: twice the smaller side.
// Assumes: independent differences, symmetric about their median.
// Choose it where a few seeds fall far outside, so that a mean says little. Zeros are dropped
// before ranking (Wilcoxon's way, that of R and SciPy, not Pratt's). Ties share their mean rank,
// and the distribution is that of the tied ranks, by convolution over doubled ranks: exact, where
// R and SciPy would turn to the normal one.
// Smallest p: 2^-n over nonzero differences. None nonzero: p = 1. Beyond kExactRanks: normal,
// variance corrected for ties, continuity correction 1/2.
Outcome wilcoxon(std::span<const double> differences, Alternative alternative, double shift = 0.0);

// P(rank sum >= doubled / 2) where each of the ranks (doubled, so that midranks are whole) counts
// or not with probability 1/2.
double rank_sum_tail(std::span<const std::size_t> doubled_ranks, std::size_t doubled);

}  // namespace assay::analyse
