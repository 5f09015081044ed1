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

// `after` came from `before` by removing weights, and biases and router rows of whole units: all
// else is as it was, but for weights or biases that stay where the pruner updates them.
inline void only_removes(const TrainedModel& before, const TrainedModel& after,
                         bool updates = false, bool biases = false) {
  for (const auto& p : before.parameters) {
    CAPTURE(p.name);
    const nn::Parameter& q = after.parameters.get(p.name);
    if (p.role != nn::Role::kWeight && p.role != nn::Role::kBias && p.role != nn::Role::kRouter) {
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
    CHECK((same || (p.role == nn::Role::kWeight && updates) ||
           (p.role == nn::Role::kBias && biases)));
  }
}

// Networks with all that a pruner may look for: experts, attention heads and blocks, filters.
inline std::vector<TrainedModel> pruner_subjects() {
  return {subject(),
          model("{ use = \"transformer\", width = 8, hidden = 12, blocks = 3, mixer = { use = "
                "\"attention\", heads = 2 } }",
                16, 4),
          model("{ use = \"cnn\", channels = [4, 6] }", 16, 4)};
}

// False where the pruner refuses the network.
inline bool pruner_contract_on(const TrainedModel& before, const Pruner& pruner, bool draws) {
  const Examples calibration = examples(40, before.format.width, before.format.classes, 1);
  TrainedModel once = before, again = before, other = before;
  try {
    pruner.prune(once, calibration, Stream(3));
  } catch (const std::runtime_error&) {
    return false;
  }
  pruner.prune(again, calibration, Stream(3));
  pruner.prune(other, calibration, Stream(4));
  removed(once);
  only_removes(before, once, pruner.updates_kept(), pruner.updates_biases());
  CHECK(archive_of(again) == archive_of(once));
  if (!draws) CHECK(archive_of(other) == archive_of(once));
  archive_contract(once);
  TrainedModel twice = once;
  pruner.prune(twice, calibration, Stream(5));
  removed(twice);
  only_removes(once, twice, pruner.updates_kept(), pruner.updates_biases());
  return true;
}

// Holds for every pruner, whatever its budget is called, on every network that has what it removes.
inline void pruner_contract(const std::string& text) {
  CAPTURE(text);
  const auto pruner = build<Pruner>(text);
  config_contract(*pruner);
  bool any = false;
  for (const TrainedModel& before : pruner_subjects())
    any = pruner_contract_on(before, *pruner, draws("pruner", text)) || any;
  CHECK_MESSAGE(any, "it prunes none of the networks");
}

// Also holds for a pruner with a parameter `sparsity`, the fraction of weights that goes: exact
// counts (a layer or row of n loses round(sparsity * n), so at most `groups` halves are lost), 0
// and 1 included, and the sets are nested where no weight is updated. What is gone counts: the same
// budget again removes nothing more, unless the budget of a layer follows from its weights.
inline void sparsity_contract(const std::string& name, int groups, bool own_budgets = false) {
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
    if (!pruner->updates_kept()) only_removes(last, m);
    TrainedModel twice = m;
    pruner->prune(twice, calibration, Stream(3));
    if (!own_budgets) CHECK(removed(twice) == removed(m));
    last = m;
  }
}

}  // namespace assay::testing
