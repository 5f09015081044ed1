#include "runner/analyse/ranks.h"

#include <algorithm>
#include <numeric>

namespace assay::analyse {

Ranks ranked(std::span<const double> values, double width) {
  const std::size_t n = values.size();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  Ranks out;
  out.rank.resize(n);
  for (std::size_t first = 0; first < n;) {
    std::size_t end = first + 1;
    while (end < n && values[order[end]] - values[order[first]] <= width) ++end;
    const double shared = static_cast<double>(first + 1 + end) / 2;
    for (std::size_t i = first; i < end; ++i) out.rank[order[i]] = shared;
    const auto size = static_cast<double>(end - first);
    out.ties += size * size * size - size;
    out.groups.push_back(end - first);
    first = end;
  }
  return out;
}

}  // namespace assay::analyse
