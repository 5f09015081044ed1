#include "components/optimizers/accountant.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay {

double sampled_gaussian_divergence(double rate, double noise, int alpha) {
  if (rate >= 1.0) return alpha / (2.0 * noise * noise);
  const auto term = [&](int k) {
    const double ways =
        std::lgamma(alpha + 1.0) - std::lgamma(k + 1.0) - std::lgamma(alpha - k + 1.0);
    const double chance = (alpha - k) * std::log1p(-rate) + k * std::log(rate);
    return ways + chance + static_cast<double>(k) * (k - 1) / (2.0 * noise * noise);
  };
  // The terms differ by hundreds of orders of magnitude: summed relative to the largest.
  double largest = -std::numeric_limits<double>::infinity(), sum = 0.0;
  for (int k = 0; k <= alpha; ++k) largest = std::max(largest, term(k));
  for (int k = 0; k <= alpha; ++k) sum += std::exp(term(k) - largest);
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
