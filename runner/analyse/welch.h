#pragma once

#include "runner/analyse/outcome.h"

// Two samples without pairs. The shift and the side are of mean(a) - mean(b).
namespace assay::analyse {

// Welch's t (Welch 1947): (mean(a) - mean(b) - shift) / sqrt(va / na + vb / nb), with
// Satterthwaite's degrees of freedom (va / na + vb / nb)^2 / ((va / na)^2 / (na - 1) + (vb / nb)^2
// / (nb - 1)).
// Assumes: independent normal values; the variances may differ.
// Choose it where values have no partners (baselines copied from elsewhere, seeds that differ);
// pairs decide with fewer values.
// Fewer than 2 values on a side: p = 1.
// No spread on either side: p = 1 / C(na + nb, na), the smallest of the permutation test of two
// groups (see constant_p).
Outcome welch(std::span<const double> a, std::span<const double> b, Alternative alternative,
              double shift = 0.0);

// The shifts that welch does not reject.
Interval welch_interval(std::span<const double> a, std::span<const double> b, double level = 0.95);

}  // namespace assay::analyse
