#include "runner/explain/nearest.h"

#include <algorithm>

namespace assay::explain {

namespace {

// The replicate itself, or the one beside it.
std::pair<std::uint64_t, std::size_t> closest(const StoredVariant& variant, std::uint64_t wanted) {
  auto it = variant.records.lower_bound(wanted);
  if (it == variant.records.end()) --it;
  return *it;
}

}  // namespace

std::optional<Nearest> nearest(const Node& wanted, std::uint64_t replicate,
                               const std::vector<StoredVariant>& stored) {
  std::optional<Nearest> best;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const std::size_t limit = best ? best->differences.size() : static_cast<std::size_t>(-1);
    if (limit == 0) break;
    const auto [other, record] = closest(stored[i], replicate);
    auto found = differences(stored[i].account, wanted, limit);
    if (other != replicate) {
      Difference& one = found.emplace_back();
      one.path = "replicate";
      one.before = std::to_string(other), one.after = std::to_string(replicate);
    }
    if (found.size() < limit) best = Nearest{i, record, std::move(found)};
  }
  return best;
}

}  // namespace assay::explain
