// Heavy hitters: of the entries that are not recent, the one that has had the least attention goes,
// summed over all queries since it arrived. The source attends to one entry more than the budget
// and drops then; here the entry that arrives takes the place, so that the budget is never passed.
#include "components/evictions/scored.h"

namespace assay::evictions {
namespace {

struct H2o final : ScoredEviction {
  static constexpr Info kInfo{"h2o", 1, "Keeps heavy hitters of attention and recent entries.",
                              "Zhang et al. 2023, arXiv:2306.14048, algorithm 1"};
  H2o() { recent = -1; }

  static void params(Params<H2o>& p) {
    p.add("recent", &H2o::recent)
        .range(-1, 1e6)
        .unit("entries")
        .doc("Newest that stay; -1: half of the cache, as in the source.");
    turned_param(p);
  }
  int numbers() const override { return 1; }
  bool reads_attention() const override { return true; }
  void attended(const KeptEntries& kept, std::span<const float> probabilities) const override {
    for (int row = 0; row < kept.count(); ++row)
      kept.memory(row)[0] += probabilities[static_cast<std::size_t>(row)];
  }

 private:
  int kept_recent(int capacity) const override { return recent < 0 ? capacity / 2 : recent; }
  double score(const KeptEntries& kept, int row, Stream& /*stream*/) const override {
    return kept.memory(row)[0];
  }
};
ASSAY_REGISTER(Eviction, H2o);

}  // namespace
}  // namespace assay::evictions
