#pragma once

#include "components/pruners/pruner.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

// Weights that are gone, by mask; CHECKs that a mask is 0 or 1 and that what it removes is 0.
inline std::int64_t removed(const TrainedModel& m) {
  std::int64_t out = 0;
  for (const auto& p : m.parameters) {
    for (std::int64_t i = 0; !p.mask.empty() && i < p.mask.count(); ++i) {
      const double kept = p.mask.get(i);
      REQUIRE((kept == 0.0 || kept == 1.0));
      if (kept == 0.0) REQUIRE(p.value.get(i) == 0.0);
      out += kept == 0.0 ? 1 : 0;
    }
  }
  return out;
}

// `after` came from `before` by removing weights: all else is as it was.
inline void only_removes(const TrainedModel& before, const TrainedModel& after) {
  for (const auto& p : before.parameters) {
    CAPTURE(p.name);
    const nn::Parameter& q = after.parameters.get(p.name);
    if (p.role != nn::Role::kWeight) {
      CHECK(q.value == p.value);
      CHECK(q.mask == p.mask);
      continue;
    }
    bool same = true, revived = false;
    for (std::int64_t i = 0; i < p.value.count(); ++i) {
      const bool was = p.mask.empty() || p.mask.get(i) != 0.0;
      const bool is = q.mask.empty() || q.mask.get(i) != 0.0;
      revived = revived || (is && !was);
      same = same && (!is || q.value.get(i) == p.value.get(i));
    }
    CHECK_FALSE(revived);
    CHECK(same);
  }
}

// Holds for every pruner, whatever its budget is called.
inline void pruner_contract(const std::string& text) {
  CAPTURE(text);
  const auto pruner = build<Pruner>(text);
  config_contract(*pruner);
  const Examples calibration = examples(40, 6, 4, 1);
  const TrainedModel before = subject();
  TrainedModel once = before, again = before, other = before;
  pruner->prune(once, calibration, Stream(3));
  pruner->prune(again, calibration, Stream(3));
  pruner->prune(other, calibration, Stream(4));
  removed(once);
  only_removes(before, once);
  CHECK(archive_of(again) == archive_of(once));
  if (!draws("pruner", text)) CHECK(archive_of(other) == archive_of(once));
  archive_contract(once);
  TrainedModel twice = once;
  pruner->prune(twice, calibration, Stream(5));
  only_removes(once, twice);
}

// Also holds for a pruner with a parameter `sparsity`, the fraction of weights that goes: exact
// counts (a layer or row of n loses round(sparsity * n), so at most `groups` halves are lost), 0
// and 1 included, and the sets are nested.
inline void sparsity_contract(const std::string& name, int groups) {
  CAPTURE(name);
  const Examples calibration = examples(40, 6, 4, 1);
  const TrainedModel before = subject();
  std::int64_t weights = 0;
  for (const auto& p : before.parameters)
    if (p.role == nn::Role::kWeight) weights += p.value.count();
  TrainedModel last = before;
  for (const double sparsity : {0.0, 0.25, 0.5, 0.9, 1.0}) {
    CAPTURE(sparsity);
    TrainedModel m = before;
    const auto pruner =
        build<Pruner>("{ use = \"" + name + "\", sparsity = " + number_text(sparsity) + " }");
    pruner->prune(m, calibration, Stream(3));
    const double missed = static_cast<double>(removed(m)) - sparsity * static_cast<double>(weights);
    CHECK(std::abs(missed) <= (sparsity == 0.0 || sparsity == 1.0 ? 0.0 : 0.5 * groups));
    only_removes(last, m);
    // What is gone counts: the same budget again removes nothing more.
    TrainedModel twice = m;
    pruner->prune(twice, calibration, Stream(3));
    CHECK(removed(twice) == removed(m));
    last = m;
  }
}

}  // namespace assay::testing
