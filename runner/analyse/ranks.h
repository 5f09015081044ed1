#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace assay::analyse {

// Ranks 1 … n from the smallest; ties share the mean of their ranks. In value order, neighbours no
// further apart than `width` from the first of their group are ties.
struct Ranks {
  std::vector<double> rank;         // of each value, in the order given
  std::vector<std::size_t> groups;  // sizes of the groups of equal values, singles too
  double ties = 0.0;                // sum over groups of t^3 - t
};

Ranks ranked(std::span<const double> values, double width);

}  // namespace assay::analyse
