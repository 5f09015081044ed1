// Drops the entry whose key has the largest L2 norm: small keys are those that attention goes to,
// which is known when they arrive. The source leaves the first two layers of a large model whole;
// here all layers drop alike.
#include <cmath>

#include "components/evictions/scored.h"

namespace assay::evictions {
namespace {

struct KeyNorm final : ScoredEviction {
  static constexpr Info kInfo{"key-norm", 1, "Keeps the entries whose keys have the smallest norm.",
                              "Devoto et al. 2024, arXiv:2406.11430, section 3"};
  static void params(Params<KeyNorm>& p) {
    p.add("recent", &KeyNorm::recent).range(0, 1e6).unit("entries").doc("Newest that stay.");
    turned_param(p);
  }
  int numbers() const override { return 1; }
  void arrive(const KeptEntries& kept, int row, const Arrival& entry) const override {
    float squares = 0.0F;
    for (const float x : entry.key) squares += x * x;
    kept.memory(row)[0] = std::sqrt(squares);
  }

 private:
  double score(const KeptEntries& kept, int row, Stream& /*stream*/) const override {
    return -kept.memory(row)[0];
  }
};
ASSAY_REGISTER(Eviction, KeyNorm);

}  // namespace
}  // namespace assay::evictions
