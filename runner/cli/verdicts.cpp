// From stored cells to the verdict on every claim.
#include "runner/cli/verdicts.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "runner/analyse/power.h"
#include "runner/cli/effects.h"

namespace assay::cli {

namespace {

using analyse::Decision;
using analyse::Evidence;
using config::Claim;
using config::ClaimKind;

// The mean over the contexts of a side, in each replicate that has all of them.
std::vector<std::optional<double>> side_of(const config::Study& study, const Results& results,
                                           const Claim& claim, const config::ClaimSide& side) {
  std::vector<std::optional<double>> out(study.seeds);
  for (std::uint64_t r = 0; r < study.seeds; ++r) {
    double sum = 0.0;
    bool whole = true;
    for (const std::uint64_t variant : side.variants) {
      const auto value =
          measured(results.table.rows[variant * study.seeds + r].record, claim.metric);
      whole = whole && value;
      sum += value.value_or(0.0);
    }
    if (whole) out[r] = sum / static_cast<double>(side.variants.size());
  }
  return out;
}

analyse::Question question_of(ClaimKind kind) {
  return static_cast<analyse::Question>(static_cast<int>(kind));
}
static_assert(static_cast<int>(ClaimKind::kSlope) == static_cast<int>(analyse::Question::kSlope));

analyse::DecidedBy test_of(const Claim& claim) {
  return claim.test ? static_cast<analyse::DecidedBy>(static_cast<int>(*claim.test))
                    : analyse::DecidedBy::kSignFlip;
}
static_assert(static_cast<int>(config::ClaimTest::kWelch) ==
              static_cast<int>(analyse::DecidedBy::kWelch));

Evidence evidence_of(const config::Study& study, const Results& results, const Claim& claim) {
  Evidence out;
  out.question = question_of(claim.kind);
  out.slope = question_of(claim.slope);
  out.highest = claim.highest;
  out.margin = claim.margin, out.bound = claim.bound, out.alpha = claim.alpha;
  out.test = test_of(claim);
  out.log = claim.log;
  out.positions = claim.positions;
  for (const auto& side : claim.sides) out.sides.push_back(side_of(study, results, claim, side));
  return out;
}

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
  return claim.kind == ClaimKind::kEqual ? "two one-sided t"
                                         : kNames[static_cast<int>(test_of(claim))];
}

}  // namespace

std::string p_text(double p) {
  return p < 0.001 ? "p < 0.001" : "p = " + number(p);
}

std::vector<Decision> decide_claims(const config::Study& study, const Results& results) {
  std::vector<Evidence> all;
  for (const Claim& claim : study.claims) all.push_back(evidence_of(study, results, claim));
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
      if (decisions.size() > 1) out += " (Holm: " + number(d.adjusted) + ")";
      out += ", " + std::to_string(d.pairs) + " seeds, " + test_name(claim) + "\n";
    }
    if (d.dropped > 0)
      out += "  " + std::to_string(d.dropped) +
             (d.pairs ? " seeds left out: a cell of theirs is not done\n"
                      : " seeds, none of which has all its cells done\n");
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
    one["d_z"] = d.standardised;
    if (!d.reason.empty()) one["reason"] = d.reason;
    if (!claim.paper.empty()) one["paper"] = claim.paper;
    out.push_back(std::move(one));
  }
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string claims_outlook(const config::Study& study) {
  std::string out;
  for (const Claim& claim : study.claims) {
    const double level = claim.alpha / static_cast<double>(study.claims.size());
    const auto which = claim.kind == ClaimKind::kEqual ||
                               claim.test == config::ClaimTest::kPairedT ||
                               claim.test == config::ClaimTest::kWelch
                           ? analyse::Test::kPairedT
                       : claim.test == config::ClaimTest::kWilcoxon ? analyse::Test::kWilcoxon
                                                                    : analyse::Test::kSignFlip;
    const auto two = analyse::Alternative::kTwoSided;
    out += "claim \"" + claim.text + "\": ";
    if (analyse::smallest_p(which, study.seeds, two) > claim.alpha)
      out += "cannot be decided by " + std::to_string(study.seeds) + " seeds (" + test_name(claim) +
             "); it needs " + std::to_string(analyse::pairs_to_reach(which, claim.alpha, two)) +
             "\n";
    else if (analyse::smallest_p(which, study.seeds, two) > level)
      out += "can be decided only where other claims are; " +
             std::to_string(analyse::pairs_to_reach(which, level, two)) +
             " seeds decide it by itself\n";
    else
      out += "finds a difference of " +
             number(analyse::detectable_effect(which, study.seeds, level, 0.8, two)) +
             " standard deviations (between seeds) with a chance of 80%\n";
  }
  return out;
}

}  // namespace assay::cli
