#pragma once

#include "runner/analyse/outcome.h"

// Claims that there is no difference that matters. A large p of a difference test shows nothing of
// the kind; these tests turn it round: H0 is that the difference reaches the margin, which is to
// be fixed before the results are seen. Assumptions, small n and samples without spread: as
// paired_t and welch.
namespace assay::analyse {

struct Equivalence {
  Outcome outcome;    // of the side that decides
  Interval interval;  // of level 1 - 2 alpha: p <= alpha exactly where it keeps off the margin
};

// Two one-sided tests (Schuirmann 1987): H0 |centre| >= margin; p is the larger of the p of
// "centre > -margin" and of "centre < margin". The interval lies inside (-margin, margin) exactly
// where p <= alpha (touching it where equal). margin must be above 0, alpha below 0.5.
Equivalence equivalent(std::span<const double> differences, double margin, double alpha = 0.05);
Equivalence equivalent(std::span<const double> a, std::span<const double> b, double margin,
                       double alpha = 0.05);

// Non-inferiority, where more is better: H0 centre <= -margin. Its low limit decides. Give negated
// values where less is better. A margin of 0 makes it the one-sided test of superiority.
Equivalence not_inferior(std::span<const double> differences, double margin, double alpha = 0.05);
Equivalence not_inferior(std::span<const double> a, std::span<const double> b, double margin,
                         double alpha = 0.05);

}  // namespace assay::analyse
