#pragma once

#include <vector>

#include "runner/analyse/outcome.h"

// Adding seeds until a claim is decided, without inflating the error: a group-sequential test. To
// look after each batch at p <= 0.05 and stop at the first success would be wrong far more often
// than 5% (14% with 5 even looks). Here each look has a level of its own, and all together spend
// alpha.
namespace assay::analyse {

// How much of alpha may be spent by the time that a part t of the seeds has been seen (Lan and
// DeMets 1983): Pocock-like alpha ln(1 + (e - 1) t), about as much at each look;
// O'Brien-Fleming-like 2 - 2 Phi(z(alpha / 2) / sqrt(t)), hardly any at first, so that the last
// look costs little. Two-sided tests spend alpha / 2 on each side by the same function.
// Choose Pocock where large effects are expected and exact tests with their floors decide early,
// else O'Brien-Fleming.
enum class Spending { kPocock, kObrienFleming };

struct Look {
  std::size_t size = 0;   // seeds seen
  double part = 0.0;      // of those of the last look
  double spent = 0.0;     // alpha spent up to here
  double boundary = 0.0;  // of the normal statistic (two-sided: its size): at or beyond it, stop
  double level = 0.0;  // the same as nominal level: stop where the fixed-n p value is at most this
  double confidence = 1.0;  // of its repeated interval: 1 - level, one-sided 1 - 2 level
};

// The looks of a design, given the number of seeds at each (ascending, above 0) and which alpha to
// spend. Boundaries: P(stop at look k and not before | H0) = spent_k - spent_(k-1), the statistic
// a Brownian motion at times `part`; by numerical integration of its density among those that go
// on (Armitage, McPherson and Rowe 1969; Jennison and Turnbull 2000, chapter 19).
// Assumes: each seed brings as much information, and p values near to those of a normal mean; used
// with the p value of any fixed-n test by significance level (Jennison and Turnbull 2000, section
// 3.3).
// Exact tests keep alpha more than strictly, since their floors stop nothing at the first looks:
// what a look cannot use is not carried on. A look that may spend nothing (less than 1e-12):
// infinite boundary, level 0, confidence 1; its alpha is kept for the next. The repeated confidence
// intervals (same book, chapter 9), at each look of its confidence, hold the true value at all
// looks together with probability 1
// - alpha (one-sided: 1 - 2 alpha): shown beside the decision they agree with it, and they stay
// valid where one goes on or stops for other reasons.
std::vector<Look> sequential_looks(std::span<const std::size_t> sizes, double alpha,
                                   Alternative alternative, Spending spending);

// Whether the claim is decided at a look by its fixed-n p value.
bool stops(const Look& look, double p);

double alpha_spent(double part, double alpha, Spending spending);

}  // namespace assay::analyse
