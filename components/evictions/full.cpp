// Drops nothing: a full cache refuses the entry that would need another's place, so that what is
// measured is a model that remembers everything. A layer whose attention has a window needs no more
// than that; there what leaves the window makes place.
#include <stdexcept>

#include "components/evictions/eviction.h"
#include "runner/registry/registry.h"

namespace assay::evictions {
namespace {

struct Full final : Eviction {
  static constexpr Info kInfo{"full", 1, "Keeps all entries, and refuses more than there is room."};
  static void params(Params<Full>& /*p*/) {}
  int drop(const KeptEntries& kept, const Arrival& /*entry*/, Stream& /*stream*/) const override {
    if (kept.window > 0 && kept.window <= kept.capacity) return oldest(kept);
    throw std::runtime_error("full: a cache of " + std::to_string(kept.capacity) +
                             " positions has no room for another; give it room for all of them, "
                             "or an eviction that makes place");
  }
};
ASSAY_REGISTER(Eviction, Full);

}  // namespace
}  // namespace assay::evictions
