#include "runner/analyse/claims.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "runner/analyse/effect_size.h"
#include "runner/analyse/equivalence.h"
#include "runner/analyse/intervals.h"
#include "runner/analyse/multiplicity.h"
#include "runner/analyse/paired.h"
#include "runner/analyse/regression.h"
#include "runner/analyse/welch.h"

namespace assay::analyse {

namespace {

constexpr double kPower = 0.8;

using Side = std::vector<std::optional<double>>;

// Numbers that flips draw, where they are sampled: the same at every look.
Stream flips() {
  return {0, 0, "claims", "flips"};
}

Outcome test_of(DecidedBy test, std::span<const double> values, double shift) {
  Stream stream = flips();
  switch (test) {
    case DecidedBy::kSignFlip:
      return sign_flip(values, Alternative::kTwoSided, stream, shift);
    case DecidedBy::kWilcoxon:
      return wilcoxon(values, Alternative::kTwoSided, shift);
    case DecidedBy::kPairedT:
    case DecidedBy::kWelch:
      break;
  }
  return paired_t(values, Alternative::kTwoSided, shift);
}

Interval interval_of(DecidedBy test, std::span<const double> values, double level) {
  Stream stream = flips();
  return test == DecidedBy::kSignFlip ? sign_flip_interval(values, level, stream)
                                      : t_interval(values, level);
}

// Values whose mean must lie above `shift`.
Comparison compare_values(const Evidence& claim, const std::vector<double>& values,
                          std::size_t dropped, double shift) {
  Comparison out;
  Decision& d = out.decision;
  d.pairs = values.size();
  d.dropped = dropped;
  if (values.empty()) return out;
  d.effect = summarise(values).mean;
  d.p = test_of(claim.test, values, shift).p;
  d.interval = interval_of(claim.test, values, 1.0 - claim.alpha);
  std::vector<double> beyond = values;
  for (double& value : beyond) value -= shift;
  if (const auto size = paired_effect(beyond); !size.degenerate) d.standardised = size.value;
  out.supports = d.effect > shift;
  out.refuted = d.interval.high < shift || (d.interval.high == shift && d.effect < shift);
  return out;
}

struct Values {
  std::vector<double> kept;
  std::size_t dropped = 0;
};

// better - worse by replicate, in the direction of the claim.
Values differences_of(const Side& better, const Side& worse, bool highest) {
  Values out;
  for (std::size_t r = 0; r < std::min(better.size(), worse.size()); ++r) {
    if (better[r] && worse[r])
      out.kept.push_back(highest ? *better[r] - *worse[r] : *worse[r] - *better[r]);
    else
      ++out.dropped;
  }
  return out;
}

Values present(const Side& side, double sign) {
  Values out;
  for (const auto& value : side) {
    if (value)
      out.kept.push_back(sign * *value);
    else
      ++out.dropped;
  }
  return out;
}

Comparison unpaired(const Evidence& claim, std::size_t first) {
  const double sign = claim.highest ? 1.0 : -1.0;
  const Values a = present(claim.sides[first], sign), b = present(claim.sides[first + 1], sign);
  Comparison out;
  Decision& d = out.decision;
  d.pairs = std::min(a.kept.size(), b.kept.size());
  d.dropped = a.dropped + b.dropped;
  if (d.pairs == 0) return out;
  d.effect = summarise(a.kept).mean - summarise(b.kept).mean;
  d.p = welch(a.kept, b.kept, Alternative::kTwoSided, claim.margin).p;
  d.interval = welch_interval(a.kept, b.kept, 1.0 - claim.alpha);
  out.supports = d.effect > claim.margin;
  out.refuted = d.interval.high < claim.margin;
  return out;
}

Comparison better(const Evidence& claim, std::size_t first) {
  if (claim.test == DecidedBy::kWelch) return unpaired(claim, first);
  const Values values = differences_of(claim.sides[first], claim.sides[first + 1], claim.highest);
  return compare_values(claim, values.kept, values.dropped, claim.margin);
}

// Of values that must lie within `margin` of 0.
Comparison near_zero(const Evidence& claim, const Values& values) {
  Comparison out;
  Decision& d = out.decision;
  d.pairs = values.kept.size();
  d.dropped = values.dropped;
  if (values.kept.empty()) return out;
  d.effect = summarise(values.kept).mean;
  d.interval = t_interval(values.kept, 1.0 - claim.alpha);
  d.p = equivalent(values.kept, claim.margin, claim.alpha).outcome.p;
  if (const auto size = paired_effect(values.kept); !size.degenerate) d.standardised = size.value;
  out.supports = std::abs(d.effect) < claim.margin;
  out.refuted = d.interval.low >= claim.margin || d.interval.high <= -claim.margin;
  return out;
}

Comparison ordering(const Evidence& claim) {
  Comparison out = better(claim, 0);
  for (std::size_t s = 1; s + 1 < claim.sides.size(); ++s) {
    const Comparison next = better(claim, s);
    out.refuted = out.refuted || next.refuted;
    out.supports = out.supports && next.supports;
    const double p = std::max(out.decision.p, next.decision.p);
    if (next.decision.effect < out.decision.effect) out.decision = next.decision;
    out.decision.p = p;
  }
  return out;
}

// The slope of each replicate over the sides.
Values slopes(const Evidence& claim) {
  Values out;
  for (std::size_t r = 0; r < claim.sides[0].size(); ++r) {
    std::vector<double> y;
    for (const Side& side : claim.sides)
      if (side[r] && (!claim.log || *side[r] > 0)) y.push_back(*side[r]);
    if (y.size() == claim.sides.size())
      out.kept.push_back(
          fit_line(claim.positions, y, claim.log ? Scale::kLogLog : Scale::kPlain).slope);
    else
      ++out.dropped;
  }
  return out;
}

Comparison against_bound(const Evidence& claim, Question question, Values values) {
  if (question == Question::kEqual) {
    for (double& value : values.kept) value -= claim.bound;
    return near_zero(claim, values);
  }
  const double sign = question == Question::kAtLeast ? 1.0 : -1.0;
  for (double& value : values.kept) value = sign * (value - claim.bound);
  return compare_values(claim, values.kept, values.dropped, claim.margin);
}

}  // namespace

bool is_equality(const Evidence& claim) {
  return claim.question == Question::kEqual ||
         (claim.question == Question::kSlope && claim.slope == Question::kEqual);
}

Test floor_test(DecidedBy test) {
  return test == DecidedBy::kSignFlip   ? Test::kSignFlip
         : test == DecidedBy::kWilcoxon ? Test::kWilcoxon
                                        : Test::kPairedT;
}

std::string wanting(const Evidence& claim, const Decision& found, double level) {
  if (found.pairs < 2) return "it needs two replicates or more";
  if (is_equality(claim)) return "the interval reaches across the margin; more seeds narrow it";
  const Test test = floor_test(claim.test);
  if (claim.test != DecidedBy::kWelch &&
      smallest_p(test, found.pairs, Alternative::kTwoSided) > level)
    return "no outcome of " + std::to_string(found.pairs) + " seeds reaches the level; " +
           std::to_string(pairs_to_reach(test, level, Alternative::kTwoSided)) + " could";
  if (!(std::abs(found.standardised) > 0) || !std::isfinite(found.standardised)) return "";
  if (found.effect <= claim.margin) return "the effect seen speaks against it";
  constexpr std::size_t kOutOfReach = 10000;
  const double size = std::abs(found.standardised);
  if (size < 0.03) return "the effect seen is next to nothing";
  const std::size_t needed = pairs_needed(test, size, level, kPower, Alternative::kTwoSided);
  return needed > kOutOfReach ? "the effect seen is next to nothing"
                              : "an effect of the size seen needs " + std::to_string(needed) +
                                    " seeds for a chance of 80%";
}

Comparison compare(const Evidence& claim) {
  switch (claim.question) {
    case Question::kBetter:
      return better(claim, 0);
    case Question::kEqual:
      return near_zero(claim, differences_of(claim.sides[0], claim.sides[1], true));
    case Question::kAtLeast:
    case Question::kAtMost:
      return against_bound(claim, claim.question, present(claim.sides[0], 1.0));
    case Question::kOrdering:
      return ordering(claim);
    case Question::kSlope:
      break;
  }
  return against_bound(claim, claim.slope, slopes(claim));
}

std::vector<Decision> decide(const std::vector<Evidence>& claims) {
  std::vector<Comparison> all;
  std::vector<double> p;
  for (const Evidence& claim : claims) {
    all.push_back(compare(claim));
    p.push_back(all.back().decision.p);
  }
  const std::vector<double> adjusted = holm(p);
  std::vector<Decision> out;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    Decision d = all[i].decision;
    d.adjusted = adjusted[i];
    if (all[i].supports && d.adjusted <= claims[i].alpha)
      d.verdict = Verdict::kReproduced;
    else if (all[i].refuted)
      d.verdict = Verdict::kNotReproduced;
    else
      d.reason = wanting(claims[i], d, claims[i].alpha / static_cast<double>(claims.size()));
    out.push_back(std::move(d));
  }
  return out;
}

std::string_view verdict_text(Verdict verdict) {
  static constexpr std::array<std::string_view, 3> kTexts = {"REPRODUCED", "NOT REPRODUCED",
                                                             "INCONCLUSIVE"};
  return kTexts[static_cast<std::size_t>(verdict)];
}

}  // namespace assay::analyse
