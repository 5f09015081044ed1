// Keeps the first positions of a sequence, on which attention leans, and the most recent ones. With
// sinks keys are turned by their place in the cache, so that the first positions never seem further
// away than it is long; without them by their position, the difference of which is the same.
#include <algorithm>

#include "components/evictions/eviction.h"
#include "runner/registry/registry.h"

namespace assay::evictions {
namespace {

struct SinkWindow final : Eviction {
  static constexpr Info kInfo{"sink-window", 1, "Keeps the first positions and the most recent.",
                              "Xiao et al. 2023, arXiv:2309.17453, section 3.2"};
  int sinks = 4;

  static void params(Params<SinkWindow>& p) {
    p.add("sinks", &SinkWindow::sinks)
        .range(0, 1e6)
        .unit("positions")
        .doc("First positions that stay.");
  }
  std::string check_capacity(int capacity) const override {
    return sinks < capacity ? ""
                            : "sinks = " + std::to_string(sinks) +
                                  " leaves no place in cache = " + std::to_string(capacity);
  }
  bool by_place() const override { return sinks > 0; }
  int drop(const KeptEntries& kept, const Arrival& /*entry*/, Stream& /*stream*/) const override {
    return oldest(kept, std::min(sinks, kept.capacity - 1));
  }
};
ASSAY_REGISTER(Eviction, SinkWindow);

}  // namespace
}  // namespace assay::evictions
