// Persistence of importance: what mattered will matter. An entry is of no importance to a query
// that gives it less than its even share of the attention, 1 over the number of entries; of the
// entries that are not recent, the one that was so for most of the last `history` queries goes. The
// source drops half of a full cache at once and shares a budget out among layers; here one entry
// goes for each that arrives, in caches of one size.
#include <bit>
#include <cmath>

#include "components/evictions/scored.h"

namespace assay::evictions {
namespace {

struct Scissorhands final : ScoredEviction {
  static constexpr Info kInfo{"scissorhands", 1,
                              "Keeps entries that were important to most of the last queries.",
                              "Liu et al. 2023, arXiv:2305.17118, algorithm 2"};
  int history = 400;
  Scissorhands() { recent = 10; }

  static void params(Params<Scissorhands>& p) {
    p.add("history", &Scissorhands::history)
        .range(1, 100000)
        .unit("queries")
        .doc("The last ones, that are looked at.");
    p.add("recent", &Scissorhands::recent).range(0, 1e6).unit("entries").doc("Newest that stay.");
    turned_param(p);
  }
  int numbers() const override { return (history + kFlags - 1) / kFlags; }
  bool reads_attention() const override { return true; }
  void attended(const KeptEntries& kept, std::span<const float> probabilities) const override {
    const float even = 1.0F / static_cast<float>(kept.count());
    const int at = kept.now % history;
    const std::uint32_t flag = 1U << (at % kFlags);
    for (int row = 0; row < kept.count(); ++row) {
      float& word = kept.memory(row)[static_cast<std::size_t>(at / kFlags)];
      const std::uint32_t others = static_cast<std::uint32_t>(word) & ~flag;
      const bool unimportant = probabilities[static_cast<std::size_t>(row)] < even;
      word = static_cast<float>(unimportant ? others | flag : others);
    }
  }

 private:
  static constexpr int kFlags = 24;  // in a number: a float holds such integers exactly

  double score(const KeptEntries& kept, int row, Stream& /*stream*/) const override {
    int unimportant = 0;
    for (const float word : kept.memory(row))
      unimportant += std::popcount(static_cast<std::uint32_t>(word));
    return -unimportant;
  }
};
ASSAY_REGISTER(Eviction, Scissorhands);

}  // namespace
}  // namespace assay::evictions
