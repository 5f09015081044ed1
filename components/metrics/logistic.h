#pragma once

#include <span>
#include <vector>

namespace assay::metrics {

// log p / (1 - p) = w x + b of being positive.
struct Logistic {
  std::vector<double> weights;
  double intercept = 0.0;
};

// Logistic regression whose two classes count alike: minimises 1/2 |w|² + c sum_i s_i log(1 +
// exp(-y_i (w x_i + b))), y = +-1, s_i = n / (2 times the examples of i's class), by Newton's
// method. x: n x k, row by row; both classes have examples.
Logistic fit_logistic(std::span<const double> x, const std::vector<bool>& positive, double c);

}  // namespace assay::metrics
