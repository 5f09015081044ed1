#pragma once

#include <functional>
#include <span>
#include <vector>

#include "components/pruners/mask.h"
#include "components/quantizers/grid.h"

namespace assay::quantizers {

// Rounds each run of a weight that shares a scale: `round` gets the numbers that no mask removed,
// and replaces them.
inline void round_runs(nn::Parameter& p, Granularity granularity, int group,
                       const std::function<void(std::span<double> kept)>& round) {
  const auto columns = static_cast<std::size_t>(p.value.shape().back());
  std::vector<double> w = numbers_of(p), kept;
  for (std::size_t first = 0; first < w.size();) {
    const std::size_t last = first + run_length(granularity, group, first, columns, w.size());
    kept.clear();
    for (std::size_t i = first; i < last; ++i)
      if (there(p, static_cast<std::int64_t>(i))) kept.push_back(w[i]);
    round(kept);
    std::size_t next = 0;
    for (std::size_t i = first; i < last; ++i)
      if (there(p, static_cast<std::int64_t>(i))) w[i] = kept[next++];
    first = last;
  }
  set_numbers(p, w);
}

}  // namespace assay::quantizers
