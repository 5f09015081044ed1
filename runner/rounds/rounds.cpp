#include "runner/rounds/rounds.h"

#include <set>

#include "runner/rounds/rule.h"

namespace assay::rounds {

namespace {

// In the order in which they have their say: seeds are added for the systems that a path found.
std::vector<std::unique_ptr<Rule>> rules_of(const config::Study& study, Schedule& schedule) {
  std::vector<std::unique_ptr<Rule>> out;
  if (study.ablation && study.ablation->greedy)
    out.push_back(make_greedy_path(study, schedule));
  else
    for (std::uint64_t variant = 0; variant < study.design.size(); ++variant)
      schedule.wanted.raise(variant, first_seeds(study));
  if (study.least_seeds) out.push_back(make_until_decided(study, schedule));
  return out;
}

// Whether all wanted cells have a record. `known` are those of which it is known already.
bool settled(const design::Wanted& wanted, std::uint64_t variants, const Lookup& lookup,
             design::Wanted& known) {
  for (std::uint64_t variant = 0; variant < variants; ++variant) {
    for (std::uint64_t r = known.seeds(variant); r < wanted.seeds(variant); ++r)
      if (!lookup(variant, r)) return false;
    known.raise(variant, wanted.seeds(variant));
  }
  return true;
}

}  // namespace

bool has_rounds(const config::Study& study) {
  return study.least_seeds || (study.ablation && study.ablation->greedy);
}

Schedule schedule(const config::Study& study, const Lookup& lookup) {
  if (!has_rounds(study)) return {design::Wanted(study.seeds), true, {}, {}, ""};
  const std::uint64_t variants = study.design.size();
  Schedule out{design::Wanted::nothing(variants), false, {}, {}, ""};
  const auto rules = rules_of(study, out);
  // What is stored beyond what was asked for may not count.
  const Lookup asked = [&](std::uint64_t variant, std::uint64_t replicate) {
    return replicate < out.wanted.seeds(variant) ? lookup(variant, replicate) : nullptr;
  };
  design::Wanted known = design::Wanted::nothing(variants);
  for (const auto& rule : rules) {
    do {
      if (!settled(out.wanted, variants, asked, known)) return out;
    } while (rule->next(asked, out));
  }
  out.complete = true;
  out.asks.clear();
  return out;
}

Range cells_of(const config::Study& study) {
  std::uint64_t variants = study.design.size();
  if (study.ablation && study.ablation->greedy) {
    // The full system, and at each step as many as there are parts left.
    const std::uint64_t systems = study.ablation->points.subsets.size();
    const std::uint64_t parts = study.ablation->parts.size();
    variants = variants / systems * (1 + parts * (parts + 1) / 2);
  }
  Range out{variants, variants * first_seeds(study), variants * first_seeds(study)};
  if (!study.least_seeds) return out;
  std::set<std::uint64_t> claimed;
  for (const config::Claim& claim : study.claims)
    for (const config::ClaimSide& side : claim.sides)
      claimed.insert(side.variants.begin(), side.variants.end());
  out.most +=
      std::min<std::uint64_t>(claimed.size(), variants) * (study.seeds - first_seeds(study));
  return out;
}

}  // namespace assay::rounds
