#include "components/optimizers/accountant.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay {

double sampled_gaussian_divergence(double rate, double noise, int alpha) {
  if (rate >= 1.0) return alpha / (2.0 * noise * noise);
  // The terms differ by hundreds of orders of magnitude: `sum` is relative to the largest so far.
  double ways = 0.0, largest = alpha * std::log1p(-rate), sum = 1.0;  // the term of k = 0
  for (int k = 1; k <= alpha; ++k) {
    ways += std::log(alpha - k + 1.0) - std::log(k);
    const double chance = (alpha - k) * std::log1p(-rate) + k * std::log(rate);
    const double term = ways + chance + static_cast<double>(k) * (k - 1) / (2.0 * noise * noise);
    const double larger = std::max(largest, term);
    sum = sum * std::exp(largest - larger) + std::exp(term - larger);
    largest = larger;
  }
  return (largest + std::log(sum)) / (alpha - 1.0);
}

double sampled_gaussian_epsilon(double rate, double noise, std::int64_t steps, double delta) {
  double least = std::numeric_limits<double>::infinity();
  for (int alpha = 2; alpha <= 512; ++alpha) {
    const double divergence =
        static_cast<double>(steps) * sampled_gaussian_divergence(rate, noise, alpha);
    const double epsilon =
        divergence + std::log1p(-1.0 / alpha) - (std::log(delta) + std::log(alpha)) / (alpha - 1.0);
    least = std::min(least, epsilon);
  }
  return std::max(0.0, least);
}

}  // namespace assay
