#pragma once

#include <cstdint>

namespace assay {

// Rényi differential privacy of order alpha (at least 2) of one step of the sampled Gaussian
// mechanism: each example takes part with probability `rate`, independently of the others, in a sum
// of vectors of norm at most 1 to which noise of deviation `noise` is added; neighbours are data
// sets of which one has one example more. Mironov et al. 2019, arXiv:1908.10530, section 3.3:
//   log(sum_k binomial(alpha, k) (1 - q)^(alpha - k) q^k exp((k² - k) / 2 noise²)) / (alpha - 1)
double sampled_gaussian_divergence(double rate, double noise, int alpha);

// The smallest epsilon over the integer orders 2 to 512 such that `steps` of these together are
// (epsilon, delta)-differentially private, by Balle et al. 2020, arXiv:1905.09982, theorem 21:
//   epsilon = divergence + log((alpha - 1) / alpha) - (log delta + log alpha) / (alpha - 1)
// At rate 1 it is that of Gaussian mechanisms in which every example takes part. At least 0.
double sampled_gaussian_epsilon(double rate, double noise, std::int64_t steps, double delta);

}  // namespace assay
