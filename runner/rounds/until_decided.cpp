// Seeds for open claims: all variants run with the least number of seeds, then those that an open
// claim names with as many as the next look has. What each look may conclude, so that looking often
// does not make errors likelier: analyse/sequential_claims.h.
#include "runner/analyse/sequential_claims.h"
#include "runner/rounds/rule.h"

namespace assay::rounds {

namespace {

std::vector<analyse::Evidence> questions_of(const config::Study& study) {
  std::vector<analyse::Evidence> out;
  for (const config::Claim& claim : study.claims) out.push_back(question_of(claim));
  return out;
}

class UntilDecided final : public Rule {
 public:
  UntilDecided(const config::Study& study, Schedule& schedule)
      : study_(study),
        claims_(analyse::look_sizes(first_seeds(study), study.seeds), questions_of(study)) {
    schedule.decisions = claims_.decisions();
  }

  bool next(const Lookup& lookup, Schedule& schedule) override {
    const std::size_t seeds = claims_.sizes()[claims_.looks()];
    std::vector<analyse::Evidence> found;
    for (std::size_t i = 0; i < study_.claims.size(); ++i)
      found.push_back(claims_.open(i) ? evidence_of(study_.claims[i], seeds, lookup)
                                      : question_of(study_.claims[i]));
    claims_.look(found);
    schedule.decisions = claims_.decisions();
    return want_more(seeds, schedule);
  }

 private:
  bool want_more(std::size_t seeds, Schedule& schedule) const {
    std::size_t open = 0;
    for (std::size_t i = 0; i < study_.claims.size(); ++i) {
      if (!claims_.open(i)) continue;
      ++open;
      for (const config::ClaimSide& side : study_.claims[i].sides)
        for (const std::uint64_t variant : side.variants)
          schedule.wanted.raise(variant, claims_.sizes()[claims_.looks()]);
    }
    if (open == 0) return false;
    schedule.asks = std::to_string(open) + " of " + std::to_string(study_.claims.size()) +
                    (open == 1 ? " claims is open at " : " claims are open at ") +
                    std::to_string(seeds) + " seeds; on to " +
                    std::to_string(claims_.sizes()[claims_.looks()]);
    return true;
  }

  const config::Study& study_;
  analyse::SequentialClaims claims_;
};

}  // namespace

std::unique_ptr<Rule> make_until_decided(const config::Study& study, Schedule& schedule) {
  return std::make_unique<UntilDecided>(study, schedule);
}

}  // namespace assay::rounds
