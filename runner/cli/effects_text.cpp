// assay effects: what each part of an ablation is worth, for people and as JSON.
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "runner/cli/command.h"
#include "runner/cli/effects.h"
#include "runner/cli/verdicts.h"

namespace assay::cli {

using config::AblationDesign;

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

void lines(const std::vector<analyse::AnovaRow>& rows, std::string& out) {
  const double error = rows.back().freedom;
  const auto shown = std::span(rows).first(rows.size() - 2);  // seeds and the error come last
  std::size_t width = 0;
  for (const auto& row : shown) width = std::max(width, row.source.size());
  for (const auto& row : shown) {
    char text[128];
    std::snprintf(text, sizeof text, "F(%g, %g) = %.3g", row.freedom, error, row.f);
    out += "  " + row.source + std::string(width - row.source.size(), ' ') + "  " + text + ", " +
           p_text(row.p);
    std::snprintf(text, sizeof text, ", partial eta squared %.3f\n", row.partial_eta_squared);
    out += text;
  }
}

nlohmann::ordered_json as_json(const std::vector<analyse::AnovaRow>& rows) {
  auto out = nlohmann::ordered_json::array();
  for (const auto& row : rows)
    out.push_back({{"source", row.source},
                   {"squares", row.squares},
                   {"freedom", row.freedom},
                   {"f", std::isfinite(row.f) ? nlohmann::ordered_json(row.f) : nullptr},
                   {"p", row.p},
                   {"partial_eta_squared", row.partial_eta_squared}});
  return out;
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
    if (!one.variance.empty()) {
      out += "analysis of variance, seeds as blocks:\n";
      lines(one.variance, out);
    }
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
    if (!one.variance.empty()) item["variance"] = as_json(one.variance);
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
