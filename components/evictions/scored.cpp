#include "components/evictions/scored.h"

#include <algorithm>
#include <limits>

namespace assay::evictions {

std::string ScoredEviction::check_capacity(int capacity) const {
  return recent <= capacity ? ""
                            : "recent = " + std::to_string(recent) + " is more than the " +
                                  std::to_string(capacity) + " positions of the cache";
}

int ScoredEviction::drop(const KeptEntries& kept, const Arrival& /*entry*/, Stream& stream) const {
  // A layer with a window may have less room than the cache that was checked.
  const int newest = kept.now - std::min(kept_recent(kept.capacity), kept.capacity);
  int out = -1;
  double lowest = std::numeric_limits<double>::infinity();
  for (int row = 0; row < kept.count(); ++row) {
    if (kept.position(row) > newest) continue;
    const double one = score(kept, row, stream);
    const bool older = out >= 0 && one == lowest && kept.position(row) < kept.position(out);
    if (out >= 0 && !(one < lowest) && !older) continue;
    lowest = one;
    out = row;
  }
  return out;
}

}  // namespace assay::evictions
