#pragma once

#include "runner/analyse/outcome.h"

// What a number of pairs can show, before anything is run.
namespace assay::analyse {

enum class Test { kPairedT, kSignFlip, kWilcoxon };

// The smallest p that a test can give with so many pairs: 2^-n one-sided and 2^(1 - n) two-sided
// for the exact tests (1 / (m + 1), doubled, where sign flips are sampled), 0 for t, which has no
// floor. 5 pairs never pass an exact two-sided test at 0.05: 0.0625. t needs 2 pairs: with fewer,
// 1.
double smallest_p(Test test, std::size_t pairs, Alternative alternative);

// The fewest pairs whose smallest p is at most `alpha`. Throws where no number reaches it.
std::size_t pairs_to_reach(Test test, double alpha, Alternative alternative);

// The chance that a paired t test rejects at alpha when the true mean is `effect` standard
// deviations of the differences (d_z), by the noncentral t. One-sided: `effect` counts in the
// direction of the alternative (negative for less).
// Fewer than 2 pairs: 0.
double paired_t_power(std::size_t pairs, double effect, double alpha, Alternative alternative);

// The smallest d_z that is found with the given power; one-sided its size, in the direction of the
// alternative. Infinite where smallest_p exceeds alpha. For the rank and sign-flip tests this is
// the value of the t test with the floor as a hard limit: for normal differences sign flips decide
// nearly as t does, Wilcoxon needs 3 / pi = 5% more pairs; for heavy tails both need fewer. Near
// the floor exact levels are coarse, and the true power is lower than stated.
double detectable_effect(Test test, std::size_t pairs, double alpha, double power,
                         Alternative alternative);

// The fewest pairs that find an effect of this size with the given power; same approximation,
// never fewer than pairs_to_reach. Throws where the effect is 0 or needs more than 10 million.
std::size_t pairs_needed(Test test, double effect, double alpha, double power,
                         Alternative alternative);

}  // namespace assay::analyse
