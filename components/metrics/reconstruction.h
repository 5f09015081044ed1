#pragma once

#include "components/metrics/metric.h"

namespace assay::metrics {

// Products of one example with its reconstruction, as they are: nothing is taken off.
struct Products {
  double goal = 0.0, rebuilt = 0.0, both = 0.0;  // |x|², |x'|², x . x'
};
inline std::vector<Products> products_of(const nn::Tensor& goal, const nn::Tensor& rebuilt) {
  std::vector<Products> out(static_cast<std::size_t>(goal.shape().rows()));
  const int d = goal.shape().back();
  for (std::int64_t i = 0; i < goal.count(); ++i) {
    Products& row = out[static_cast<std::size_t>(i / d)];
    row.goal += goal.get(i) * goal.get(i);
    row.rebuilt += rebuilt.get(i) * rebuilt.get(i);
    row.both += goal.get(i) * rebuilt.get(i);
  }
  return out;
}

}  // namespace assay::metrics
