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

// The mean of a metric over the variants that are one system, in each replicate.
class Systems {
 public:
  Systems(const config::Study& study, const Results& results) : study_(study), results_(results) {
    const auto& subsets = study.ablation->points.subsets;
    study.design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
      variants_[subsets[static_cast<std::size_t>(choice[0])]].push_back(variant);
      return true;
    });
  }

  analyse::Measurements measurements(const std::string& metric) const {
    return {static_cast<int>(study_.ablation->parts.size()), study_.seeds,
            [this, metric](design::Subset system, std::size_t replicate) {
              return value(metric, system, replicate);
            }};
  }

 private:
  std::optional<double> value(const std::string& metric, design::Subset system,
                              std::size_t replicate) const {
    const auto found = variants_.find(system);
    if (found == variants_.end()) return std::nullopt;
    double sum = 0.0;
    for (const std::uint64_t variant : found->second) {
      const auto one =
          measured(results_.table.rows[variant * study_.seeds + replicate].record, metric);
      if (!one) return std::nullopt;
      sum += *one;
    }
    return sum / static_cast<double>(found->second.size());
  }

  const config::Study& study_;
  const Results& results_;
  std::unordered_map<design::Subset, std::vector<std::uint64_t>> variants_;
};

std::vector<Worth> worths(const config::Ablation& ablation, const analyse::Measurements& measured) {
  switch (ablation.design) {
    case AblationDesign::kLeaveOneOut:
    case AblationDesign::kPairs:
      return analyse::removal_effects(measured);
    case AblationDesign::kAddOneIn:
      return analyse::addition_effects(measured);
    case AblationDesign::kPath:
      return analyse::path_effects(measured, ablation.points.orders[0]);
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

Attributed attributed(std::string name, const Worth& worth, std::uint64_t seeds) {
  Attributed out;
  out.name = std::move(name);
  out.seeds = worth.values.size();
  out.dropped = seeds - worth.values.size();
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
  const Systems systems(study, results);
  for (const std::string& metric : metrics_of(study, results)) {
    const auto measured = systems.measurements(metric);
    Effects& effects = out.emplace_back();
    effects.metric = metric;
    const auto worth = worths(ablation, measured);
    for (std::size_t i = 0; i < worth.size(); ++i)
      effects.parts.push_back(attributed(ablation.parts[i].name, worth[i], study.seeds));
    const auto found = interactions(ablation, measured);
    for (const auto& one : found) {
      effects.interactions.push_back(
          attributed(pair_name(ablation, one.first, one.second), one.effect, study.seeds));
      for (const auto& [first, second] : one.aliases)
        effects.interactions.back().aliases.push_back(pair_name(ablation, first, second));
    }
    warn(ablation, found, effects);
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
