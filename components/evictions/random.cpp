// Drops any entry that is not recent, each with the same probability: what a policy must beat.
#include "components/evictions/scored.h"

namespace assay::evictions {
namespace {

struct Random final : ScoredEviction {
  static constexpr Info kInfo{"random", 1, "Drops an entry at random.", "", true};
  static void params(Params<Random>& p) {
    p.add("recent", &Random::recent).range(0, 1e6).unit("entries").doc("Newest that stay.");
    turned_param(p);
  }

 private:
  double score(const KeptEntries& /*kept*/, int /*row*/, Stream& stream) const override {
    return stream.uniform();
  }
};
ASSAY_REGISTER(Eviction, Random);

}  // namespace
}  // namespace assay::evictions
