// What each part of an ablation is worth, from stored cells.
#include "runner/cli/effects.h"

#include <cmath>
#include <set>

#include "runner/analyse/intervals.h"
#include "runner/analyse/paired.h"

namespace assay::cli {

namespace {

using analyse::Worth;
using config::AblationDesign;

std::vector<Worth> worths(const config::Ablation& ablation, const std::vector<int>& found,
                          const analyse::Measurements& measured) {
  switch (ablation.design) {
    case AblationDesign::kLeaveOneOut:
    case AblationDesign::kPairs:
      return analyse::removal_effects(measured);
    case AblationDesign::kAddOneIn:
      return analyse::addition_effects(measured);
    case AblationDesign::kPath:
      return analyse::path_effects(measured, ablation.greedy ? found : ablation.points.orders[0]);
    case AblationDesign::kFactorial:
      return analyse::main_effects(measured, ablation.points.subsets);
    case AblationDesign::kShapley:
      break;
  }
  return analyse::shapley_values(measured, ablation.points.orders);
}

// Shapley's systems up to 8 parts are a full factorial, which sees interactions, too.
std::vector<analyse::Interaction> interactions(const config::Ablation& ablation,
                                               const analyse::Measurements& measured) {
  const bool exact = ablation.design == AblationDesign::kShapley && ablation.points.orders.empty();
  if (ablation.design == AblationDesign::kPairs) return analyse::removal_interactions(measured);
  if (ablation.design == AblationDesign::kFactorial || exact)
    return analyse::factorial_interactions(measured, ablation.points);
  return {};
}

Attributed attributed(std::string name, const Worth& worth, const Worth& wanted) {
  Attributed out;
  out.name = std::move(name);
  out.seeds = worth.values.size();
  out.dropped = wanted.values.size() - worth.values.size();
  out.sampling_error = worth.sampling_error;
  if (worth.values.empty()) return out;
  out.effect = analyse::summarise(worth.values).mean;
  out.interval = analyse::t_interval(worth.values);
  // Errors of seeds and of orders are independent: their squares add.
  if (worth.sampling_error > 0 && std::isfinite(out.interval.high)) {
    constexpr double kNormal95 = 1.959963984540054;
    const double half =
        std::hypot(out.interval.high - out.effect, kNormal95 * worth.sampling_error);
    out.interval.low = out.effect - half, out.interval.high = out.effect + half;
  }
  Stream flips(0, 0, "effects", "flips");
  out.p = analyse::sign_flip(worth.values, analyse::Alternative::kTwoSided, flips).p;
  return out;
}

std::string pair_name(const config::Ablation& ablation, int first, int second) {
  return ablation.parts[static_cast<std::size_t>(first)].name + " x " +
         ablation.parts[static_cast<std::size_t>(second)].name;
}

// An effect that depends on another part as much as it amounts to is no number of the part's own.
void warn(const config::Ablation& ablation, const std::vector<analyse::Interaction>& found,
          Effects& out) {
  for (std::size_t k = 0; k < found.size(); ++k) {
    const Attributed& interaction = out.interactions[k];
    const bool seen = interaction.interval.low > 0 || interaction.interval.high < 0;
    if (!seen) continue;
    for (const int part : {found[k].first, found[k].second}) {
      const Attributed& effect = out.parts[static_cast<std::size_t>(part)];
      if (std::abs(interaction.effect) < std::abs(effect.effect)) continue;
      const int other = part == found[k].first ? found[k].second : found[k].first;
      out.warnings.push_back("what " + effect.name + " is worth depends on " +
                             ablation.parts[static_cast<std::size_t>(other)].name +
                             " as much as it amounts to: leaving out one at a time misleads");
    }
  }
}

// The parts as they are written; of a greedy path as they went, those that it has not come to last.
std::vector<std::size_t> as_listed(const config::Ablation& ablation,
                                   const std::vector<int>& order) {
  std::vector<std::size_t> out;
  if (ablation.greedy) out.assign(order.begin(), order.end());
  for (std::size_t i = 0; i < ablation.parts.size(); ++i)
    if (std::find(out.begin(), out.end(), i) == out.end()) out.push_back(i);
  return out;
}

// Seeds are blocks, as they share data and initial weights; only those that have all systems count.
std::vector<analyse::AnovaRow> variance(const config::Ablation& ablation,
                                        const analyse::Measurements& measured) {
  const auto& systems = ablation.points.subsets;
  const std::size_t parts = ablation.parts.size();
  if (ablation.design != AblationDesign::kFactorial || systems.size() != std::size_t{1} << parts)
    return {};
  std::vector<analyse::Factor> factors;
  for (const auto& part : ablation.parts) factors.push_back({part.name, 2});
  std::vector<analyse::Observation> observations;
  std::size_t seeds = 0;
  for (std::size_t r = 0; r < measured.replicates; ++r) {
    std::vector<analyse::Observation> block;
    for (const design::Subset system : systems) {
      const auto value = measured.value(system, r);
      if (!value) break;
      std::vector<std::size_t> levels;
      for (std::size_t p = 0; p < parts; ++p) levels.push_back(system >> p & 1);
      block.push_back({std::move(levels), seeds, *value});
    }
    if (block.size() < systems.size()) continue;
    observations.insert(observations.end(), block.begin(), block.end());
    ++seeds;
  }
  if (seeds < 2) return {};
  return analyse::anova(factors, observations, {});
}

// A part was chosen for what it came to in these very values.
void warn_of_choice(const config::Ablation& ablation, const std::vector<int>& order, Effects& out) {
  out.warnings.emplace_back(
      "the order was chosen by these values: effects are drawn towards the choice, and p values "
      "and intervals are too good");
  if (order.size() < ablation.parts.size()) {
    out.warnings.push_back("the path was found up to " + std::to_string(order.size()) + " of " +
                           std::to_string(ablation.parts.size()) +
                           " parts: cells of the next step have not run, or failed");
    return;
  }
  std::string names;
  for (const int part : order)
    names += (names.empty() ? "" : ", ") +
             toml_string(ablation.parts[static_cast<std::size_t>(part)].name);
  out.warnings.push_back(
      "to test this path, run it with seeds that had no part in the choice: "
      "ablation.order = [" +
      names + "] with another study.seed and study.name");
}

std::vector<std::string> metrics_of(const config::Study& study, const Results& results) {
  if (!study.ablation->values.empty()) return study.ablation->values;
  if (!study.table.values.empty()) return study.table.values;
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const auto& row : results.table.rows)
    if (row.record)
      for (const Measured& m : row.record->metrics)
        if (seen.insert(m.name).second) out.push_back(m.name);
  return out;
}

}  // namespace

std::vector<Effects> part_effects(const config::Study& study, const Results& results) {
  std::vector<Effects> out;
  if (!study.ablation) return out;
  const config::Ablation& ablation = *study.ablation;
  const rounds::Lookup lookup = results.lookup();
  const std::vector<int>& order = results.schedule.order;
  const auto asked = rounds::wanted_of(study, results.schedule.wanted);
  const auto wanted = worths(ablation, order, asked);
  const auto wanted_pairs = interactions(ablation, asked);
  for (const std::string& metric : metrics_of(study, results)) {
    const auto measured = rounds::measurements_of(study, metric, study.seeds, lookup);
    Effects& effects = out.emplace_back();
    effects.metric = metric;
    const auto worth = worths(ablation, order, measured);
    for (const std::size_t i : as_listed(ablation, order))
      effects.parts.push_back(attributed(ablation.parts[i].name, worth[i], wanted[i]));
    const auto found = interactions(ablation, measured);
    for (std::size_t k = 0; k < found.size(); ++k) {
      const auto& one = found[k];
      effects.interactions.push_back(attributed(pair_name(ablation, one.first, one.second),
                                                one.effect, wanted_pairs[k].effect));
      for (const auto& [first, second] : one.aliases)
        effects.interactions.back().aliases.push_back(pair_name(ablation, first, second));
    }
    effects.variance = variance(ablation, measured);
    warn(ablation, found, effects);
    if (ablation.greedy) warn_of_choice(ablation, order, effects);
    if (study.least_seeds)
      effects.warnings.emplace_back(
          "seeds were added by what claims came to, which these p values and intervals do not know "
          "of; the claims' do");
  }
  return out;
}

}  // namespace assay::cli
