#pragma once

#include <algorithm>

#include "components/metrics/metric.h"

namespace assay::metrics {

// The mean of f(g) over the values g of all gates in evaluation, over all examples where gates
// depend on the input. A model without gates is one whose gates are all open: f(1).
template <class F>
double mean_over_gates(Evaluation& evaluation, const F& f) {
  double sum = 0.0, all = 0.0;
  for (const auto& statistic : evaluation.statistics()) {
    if (!statistic.name.ends_with(".open")) continue;
    for (std::int64_t i = 0; i < statistic.value.count(); ++i) sum += f(statistic.value.get(i));
    all += static_cast<double>(statistic.value.count());
  }
  return all > 0 ? sum / all : f(1.0);
}

}  // namespace assay::metrics
