#pragma once

#include <memory>

#include "runner/rounds/rounds.h"

namespace assay::rounds {

// A design that adds cells from round to round. Made anew for every replay.
class Rule {
 public:
  Rule() = default;
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;
  virtual ~Rule() = default;
  // Called where all wanted cells are settled: looks at them, raises `wanted` (never lowers it)
  // and says why in `asks`. False where this rule wants nothing more.
  virtual bool next(const Lookup& lookup, Schedule& schedule) = 0;
};

// Seeds for claims that are open (study.seeds with until = "decided").
std::unique_ptr<Rule> make_until_decided(const config::Study& study, Schedule& schedule);

// Parts removed one after the other, each time the one that costs least or most (ablation.order).
// Wants the systems of its first step at once.
std::unique_ptr<Rule> make_greedy_path(const config::Study& study, Schedule& schedule);

// Seeds of a variant in the first round that wants it.
inline std::uint64_t first_seeds(const config::Study& study) {
  return study.least_seeds.value_or(study.seeds);
}

}  // namespace assay::rounds
