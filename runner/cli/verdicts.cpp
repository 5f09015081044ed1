// From stored cells to the verdict on every claim.
#include "runner/cli/verdicts.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "runner/analyse/power.h"
#include "runner/analyse/sequential_claims.h"
#include "runner/cli/effects.h"

namespace assay::cli {

namespace {

using analyse::Decision;
using config::Claim;
using config::ClaimKind;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

// "diep better than uniform-expert", "slope along keep at least 1".
std::string sides_text(const Claim& claim) {
  const auto joined = [&](const char* between) {
    std::string out;
    for (const auto& side : claim.sides) out += (out.empty() ? "" : between) + side.name;
    return out;
  };
  switch (claim.kind) {
    case ClaimKind::kBetter:
      return joined(" better than ") + (claim.margin != 0 ? " by " + number(claim.margin) : "");
    case ClaimKind::kEqual:
      return joined(" as good as ") + ", within " + number(claim.margin);
    case ClaimKind::kAtLeast:
      return joined("") + " at least " + number(claim.bound);
    case ClaimKind::kAtMost:
      return joined("") + " at most " + number(claim.bound);
    case ClaimKind::kOrdering:
      return joined(" > ");
    case ClaimKind::kSlope:
      break;
  }
  const char* compared = claim.slope == ClaimKind::kAtLeast  ? " at least "
                         : claim.slope == ClaimKind::kAtMost ? " at most "
                                                             : " equal to ";
  return "slope over " + joined(", ") + compared + number(claim.bound);
}

const char* test_name(const Claim& claim) {
  static constexpr const char* kNames[] = {"sign flips", "paired t", "Wilcoxon", "Welch"};
  return claim.kind == ClaimKind::kEqual
             ? "two one-sided t"
             : kNames[static_cast<int>(rounds::question_of(claim).test)];
}

// "decided at 9 of up to 30 seeds"
std::string look_text(const Decision& d) {
  const std::string most = " of up to " + std::to_string(d.most) + " seeds";
  if (d.looked == 0) return "not looked at yet: cells of the first seeds have not run";
  const bool decided = d.verdict != analyse::Verdict::kInconclusive;
  if (decided) return "decided at " + std::to_string(d.looked) + most;
  return (d.looked == d.most ? "not decided at " : "open at ") + std::to_string(d.looked) + most;
}

}  // namespace

std::string p_text(double p) {
  return p < 0.001 ? "p < 0.001" : "p = " + number(p);
}

std::vector<Decision> decide_claims(const config::Study& study, const Results& results) {
  if (results.schedule.decisions) return *results.schedule.decisions;
  std::vector<analyse::Evidence> all;
  for (const Claim& claim : study.claims)
    all.push_back(rounds::evidence_of(claim, study.seeds, results.lookup()));
  return analyse::decide(all);
}

std::string claims_text(const config::Study& study, const std::vector<Decision>& decisions) {
  std::string out;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const Claim& claim = study.claims[i];
    const Decision& d = decisions[i];
    out += std::string(analyse::verdict_text(d.verdict)) + ": " + claim.text + "\n  " +
           claim.metric + ", " + sides_text(claim) + "\n";
    if (d.pairs > 0) {
      out += "  effect " + number(d.effect);
      if (std::isfinite(d.interval.low) && std::isfinite(d.interval.high))
        out += " [" + number(d.interval.low) + ", " + number(d.interval.high) + "]";
      out += ", " + p_text(d.p);
      if (d.most > 0)
        out += " at this look (over looks and claims: " + number(d.adjusted) + ")";
      else if (decisions.size() > 1)
        out += " (Holm: " + number(d.adjusted) + ")";
      out += ", " + std::to_string(d.pairs) + " seeds, " + test_name(claim) + "\n";
    }
    if (d.dropped > 0)
      out += "  " + std::to_string(d.dropped) +
             (d.pairs ? " seeds left out: a cell of theirs is not done\n"
                      : " seeds, none of which has all its cells done\n");
    if (d.most > 0) out += "  " + look_text(d) + "\n";
    if (!d.reason.empty() && d.pairs > 0) out += "  " + d.reason + "\n";
    if (!claim.paper.empty()) out += "  the paper: " + claim.paper + "\n";
  }
  return out;
}

std::string findings_text(const config::Study& study, const Results& results) {
  std::string out;
  if (study.ablation) out += "\n" + effects_text(study, part_effects(study, results));
  if (!study.claims.empty()) out += "\n" + claims_text(study, decide_claims(study, results));
  return out;
}

std::string claims_json(const config::Study& study, const std::vector<Decision>& decisions) {
  auto out = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const Claim& claim = study.claims[i];
    const Decision& d = decisions[i];
    nlohmann::ordered_json one;
    one["text"] = claim.text;
    one["metric"] = claim.metric;
    one["verdict"] = analyse::verdict_text(d.verdict);
    one["compared"] = sides_text(claim);
    one["effect"] = d.effect;
    // JSON has no infinity: an interval without ends is none.
    if (std::isfinite(d.interval.low) && std::isfinite(d.interval.high))
      one["interval"] = {d.interval.low, d.interval.high};
    one["level"] = d.interval.level;
    one["p"] = d.p;
    one["p_adjusted"] = d.adjusted;
    one["test"] = test_name(claim);
    one["seeds"] = d.pairs;
    one["dropped"] = d.dropped;
    if (d.most > 0) one["look"] = {{"seeds", d.looked}, {"of", d.most}};
    one["d_z"] = d.standardised;
    if (!d.reason.empty()) one["reason"] = d.reason;
    if (!claim.paper.empty()) one["paper"] = claim.paper;
    out.push_back(std::move(one));
  }
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

namespace {

analyse::Test planned_test(const Claim& claim) {
  return claim.kind == ClaimKind::kEqual ? analyse::Test::kPairedT
                                         : analyse::floor_test(rounds::question_of(claim).test);
}

// Of a claim that is looked at while seeds are added: what the last look finds by itself.
std::string sequential_outlook(const config::Study& study, const Claim& claim) {
  const auto sizes = analyse::look_sizes(*study.least_seeds, study.seeds);
  const auto question = rounds::question_of(claim);
  const std::size_t first = analyse::first_look(sizes, question);
  const auto two = analyse::Alternative::kTwoSided;
  if (first == sizes.size())
    return "cannot be decided by " + std::to_string(study.seeds) + " seeds (" + test_name(claim) +
           "); it needs " +
           std::to_string(analyse::pairs_to_reach(planned_test(claim), claim.alpha, two)) + "\n";
  const double level = analyse::last_level(sizes, question, study.claims.size());
  return "looked at from " + std::to_string(sizes[first]) + " seeds on; with " +
         std::to_string(study.seeds) + " it finds a difference of " +
         number(analyse::detectable_effect(planned_test(claim), study.seeds, level, 0.8, two)) +
         " standard deviations (between seeds) with a chance of 80%\n";
}

std::string fixed_outlook(const config::Study& study, const Claim& claim) {
  const double level = claim.alpha / static_cast<double>(study.claims.size());
  const analyse::Test which = planned_test(claim);
  const auto two = analyse::Alternative::kTwoSided;
  if (analyse::smallest_p(which, study.seeds, two) > claim.alpha)
    return "cannot be decided by " + std::to_string(study.seeds) + " seeds (" + test_name(claim) +
           "); it needs " + std::to_string(analyse::pairs_to_reach(which, claim.alpha, two)) + "\n";
  if (analyse::smallest_p(which, study.seeds, two) > level)
    return "can be decided only where other claims are; " +
           std::to_string(analyse::pairs_to_reach(which, level, two)) +
           " seeds decide it by itself\n";
  return "finds a difference of " +
         number(analyse::detectable_effect(which, study.seeds, level, 0.8, two)) +
         " standard deviations (between seeds) with a chance of 80%\n";
}

}  // namespace

std::string claims_outlook(const config::Study& study) {
  std::string out;
  for (const Claim& claim : study.claims)
    out += "claim \"" + claim.text + "\": " +
           (study.least_seeds ? sequential_outlook(study, claim) : fixed_outlook(study, claim));
  return out;
}

}  // namespace assay::cli
