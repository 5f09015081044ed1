#pragma once

// Noncentral Student's t: (Z + delta) / sqrt(V / freedom) with Z standard normal and V
// chi-squared.
namespace assay::analyse {

// P(T > t), to some 1e-10 absolutely. Boost's series does not converge within its limits for the
// noncentralities of differences that are nearly constant (thousands); there the mean over V of
// Phi(delta - t sqrt(V / freedom)) is integrated instead.
double noncentral_t_above(double t, double freedom, double delta);

// The noncentrality at which P(T > t) = tail, 0 < tail < 1.
double noncentrality_at(double t, double freedom, double tail);

}  // namespace assay::analyse
