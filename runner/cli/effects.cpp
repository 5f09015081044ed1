// effects: what each part of an ablation is worth.
#include "runner/cli/effects.h"

#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "runner/analyse/intervals.h"
#include "runner/analyse/paired.h"
#include "runner/cli/command.h"
#include "runner/cli/verdicts.h"

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
    warn(ablation, found, effects);
    if (ablation.greedy) warn_of_choice(ablation, order, effects);
    if (study.least_seeds)
      effects.warnings.emplace_back(
          "seeds were added by what claims came to, which these p values and intervals do not know "
          "of; the claims' do");
  }
  return out;
}

namespace {

const char* meaning(AblationDesign design) {
  switch (design) {
    case AblationDesign::kLeaveOneOut:
    case AblationDesign::kPairs:
      return "the full system less the system without it";
    case AblationDesign::kAddOneIn:
      return "the bare system with it less the bare system";
    case AblationDesign::kPath:
      return "with it less without it, at its place in the order of removal";
    case AblationDesign::kFactorial:
      return "with it less without it, averaged over the other parts";
    case AblationDesign::kShapley:
      break;
  }
  return "with it less without it, averaged over the orders in which parts are removed";
}

std::string chosen_text(const config::Ablation& ablation) {
  const bool least = ablation.greedy == config::Greedy::kLeast;
  return std::string("removed in this order, each time the part that cost ") +
         (least ? "least" : "most") + " by " + ablation.values[0] +
         (ablation.highest ? " (highest is best)" : " (lowest is best)");
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.3g", value);
  return text;
}

void lines(const std::vector<Attributed>& all, std::string& out) {
  std::size_t width = 0;
  for (const Attributed& one : all) width = std::max(width, one.name.size());
  for (const Attributed& one : all) {
    out += "  " + one.name + std::string(width - one.name.size(), ' ') + "  ";
    if (one.seeds == 0) {
      out += "no seed has all its cells done\n";
      continue;
    }
    out += number(one.effect);
    if (std::isfinite(one.interval.low))
      out += "  [" + number(one.interval.low) + ", " + number(one.interval.high) + "]";
    out += "  " + p_text(one.p) + ", " + std::to_string(one.seeds) + " seeds";
    if (one.dropped > 0) out += " (" + std::to_string(one.dropped) + " left out)";
    if (one.sampling_error > 0) out += ", orders ± " + number(one.sampling_error).substr(1);
    for (const std::string& alias : one.aliases) out += ", together with " + alias;
    out += "\n";
  }
}

nlohmann::ordered_json as_json(const std::vector<Attributed>& all) {
  auto out = nlohmann::ordered_json::array();
  for (const Attributed& one : all) {
    nlohmann::ordered_json item;
    item["name"] = one.name;
    item["effect"] = one.effect;
    if (std::isfinite(one.interval.low)) item["interval"] = {one.interval.low, one.interval.high};
    item["p"] = one.p;
    item["seeds"] = one.seeds;
    item["dropped"] = one.dropped;
    if (one.sampling_error > 0 && std::isfinite(one.sampling_error))
      item["sampling_error"] = one.sampling_error;
    if (!one.aliases.empty()) item["aliases"] = one.aliases;
    out.push_back(std::move(item));
  }
  return out;
}

}  // namespace

std::string effects_text(const config::Study& study, const std::vector<Effects>& effects) {
  std::string out;
  for (const Effects& one : effects) {
    out += "what each part adds to " + one.metric + ": " + meaning(study.ablation->design) + "\n";
    if (study.ablation->greedy) out += chosen_text(*study.ablation) + "\n";
    lines(one.parts, out);
    if (!one.interactions.empty()) out += "and by how much that changes with another part:\n";
    lines(one.interactions, out);
    for (const std::string& warning : one.warnings) out += "  ! " + warning + "\n";
  }
  return out;
}

std::string effects_json(const config::Study& study, const std::vector<Effects>& effects) {
  auto out = nlohmann::ordered_json::array();
  for (const Effects& one : effects) {
    nlohmann::ordered_json item;
    item["metric"] = one.metric;
    item["meaning"] = meaning(study.ablation->design);
    if (study.ablation->greedy) item["chosen"] = chosen_text(*study.ablation);
    item["parts"] = as_json(one.parts);
    item["interactions"] = as_json(one.interactions);
    item["warnings"] = one.warnings;
    out.push_back(std::move(item));
  }
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

int effects_command(const Arguments& arguments) {
  po::options_description options = study_options();
  options.add_options()("json", po::bool_switch(), "as JSON");
  po::variables_map vm;
  Loaded loaded;
  int code = 0;
  if (!load(arguments, "effects DIR|STUDY [--json]", options, vm, loaded, code)) return code;
  const config::Study& study = *loaded.study;
  if (!study.ablation) {
    std::cerr << study.file << ": the study has no [ablation]\n";
    return 2;
  }
  const auto effects = part_effects(study, loaded.results);
  std::cout << (vm["json"].as<bool>() ? effects_json(study, effects)
                                      : effects_text(study, effects));
  return 0;
}

}  // namespace assay::cli
