#include "components/evictions/eviction.h"

#include <algorithm>
#include <limits>

namespace assay::evictions {

int oldest(const KeptEntries& kept, int first) {
  int lowest = std::numeric_limits<int>::max();
  for (const int position : kept.positions)
    lowest = std::min(lowest, position < first ? std::numeric_limits<int>::max() : position);
  return static_cast<int>(std::find(kept.positions.begin(), kept.positions.end(), lowest) -
                          kept.positions.begin());
}

}  // namespace assay::evictions
