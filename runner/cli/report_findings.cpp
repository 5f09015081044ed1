// The table, the claims and what parts are worth, each number with the cells behind it.
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "runner/cli/effects.h"
#include "runner/cli/report_data.h"
#include "runner/cli/tabulate.h"
#include "runner/cli/verdicts.h"
#include "runner/execute/work.h"
#include "runner/report/layout.h"

namespace assay::cli {

namespace {

using Json = nlohmann::ordered_json;

// All seeds of some variants.
Json cells_of(const std::set<std::uint64_t>& variants, const Results& results) {
  Json out = Json::array();
  for (const std::uint64_t variant : variants)
    for (const std::size_t row : results.rows_of(variant)) out.push_back(row);
  return out;
}

const char* standing_name(report::Standing standing) {
  static constexpr const char* kNames[] = {"", "best", "tied", "worse", "undecided"};
  return kNames[static_cast<int>(standing)];
}

// A number as the table shows it.
Json shown_data(const report::Shown& shown) {
  Json out = {{"text", report::plain(shown)}};
  if (!shown.marks.empty()) out["marks"] = shown.marks;
  if (shown.best) out["mark"] = "best";
  if (shown.tied) out["mark"] = "tied";
  return out;
}

Json entry_data(const report::Table::Entry& entry, const report::Shown& shown,
                const std::string& metric, const Results& results) {
  Json out = shown_data(shown);
  out["metric"] = metric;
  out["n"] = entry.summary.count;
  out["cells"] = Json::array();
  for (const auto& cell : entry.cells) out["cells"].push_back(results.row_of(cell.number));
  if (entry.summary.count > 0) out["mean"] = entry.summary.mean;
  if (entry.summary.count > 1) out["sd"] = entry.summary.deviation;
  if (std::isfinite(entry.interval.low) && std::isfinite(entry.interval.high))
    out["interval"] = {entry.interval.low, entry.interval.high};
  if (entry.failed > 0) out["failed"] = entry.failed;
  if (entry.missing > 0) out["missing"] = entry.missing;
  if (entry.standing == report::Standing::kUnmarked) return out;
  out["standing"] = standing_name(entry.standing);
  if (entry.standing == report::Standing::kTied || entry.standing == report::Standing::kWorse)
    out["p"] = entry.p;
  return out;
}

// A row's numbers in the columns of the layout: a paper's column follows the one of ours beside
// which it stands.
Json row_data(const report::Table& table, const report::Layout& layout, std::size_t r,
              const Results& results) {
  Json out = {{"labels", layout.labelled[r]}, {"entries", Json::array()}};
  std::size_t column = 0;
  for (std::size_t v = 0; v < table.values.size(); ++v)
    for (const auto& entry : table.entries[v][r]) {
      out["entries"].push_back(
          entry_data(entry, layout.numbers[r][column], table.values[v].name, results));
      ++column;
      if (column < layout.columns.size() && layout.columns[column].paper)
        out["entries"].push_back(shown_data(layout.numbers[r][column++]));
    }
  return out;
}

// Values of the effect between which a claim neither holds nor is refuted.
Json limits_of(const config::Claim& claim) {
  const bool equal =
      claim.kind == config::ClaimKind::kEqual ||
      (claim.kind == config::ClaimKind::kSlope && claim.slope == config::ClaimKind::kEqual);
  return equal ? Json::array({-claim.margin, claim.margin}) : Json::array({claim.margin});
}

// The systems whose difference an effect is: of single parts those without them (or with them
// alone) and the one that they are compared with; elsewhere every system counts.
class Compared {
 public:
  Compared(const config::Study& study, const Results& results)
      : study_(study),
        ablation_(*study.ablation),
        results_(results) {}

  Json cells(design::Subset parts) const {
    using config::AblationDesign;
    const design::Subset full = design::full_system(static_cast<int>(ablation_.parts.size()));
    std::set<design::Subset> systems;
    if (ablation_.design == AblationDesign::kLeaveOneOut ||
        ablation_.design == AblationDesign::kPairs)
      for_each_of(parts, [&](design::Subset some) { systems.insert(full & ~some); });
    else if (ablation_.design == AblationDesign::kAddOneIn)
      for_each_of(parts, [&](design::Subset some) { systems.insert(some); });
    std::set<std::uint64_t> variants;
    study_.design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
      const auto system = ablation_.points.subsets[static_cast<std::size_t>(choice[0])];
      if (systems.empty() || systems.contains(system)) variants.insert(variant);
      return true;
    });
    return cells_of(variants, results_);
  }

  design::Subset part_named(const std::string& name) const {
    for (std::size_t p = 0; p < ablation_.parts.size(); ++p)
      if (ablation_.parts[p].name == name) return design::Subset{1} << p;
    return 0;
  }

  // "a x b": names may hold " x " themselves, so every two are tried.
  design::Subset two_named(const std::string& name) const {
    for (const auto& first : ablation_.parts)
      for (const auto& second : ablation_.parts)
        if (first.name + " x " + second.name == name)
          return part_named(first.name) | part_named(second.name);
    return 0;
  }

 private:
  // Of a set of parts: it, and what is left of it in every way.
  template <class Use>
  static void for_each_of(design::Subset parts, const Use& use) {
    for (design::Subset some = parts;; some = (some - 1) & parts) {
      use(some);
      if (some == 0) return;
    }
  }

  const config::Study& study_;
  const config::Ablation& ablation_;
  const Results& results_;
};

}  // namespace

Json table_data(const config::Study& study, const Results& results) {
  const report::Table table = tabulate(study, results);
  const report::Layout layout = report::lay_out(table);
  Json out = {
      {"title", table.title},
      {"labels", layout.labels},
      {"columns", Json::array()},
      {"groups", Json::array()},
      {"values", Json::array()},
      {"notes", layout.notes},
      {"footnotes", layout.footnotes},
      {"legend",
       {{"best", layout.legend.best}, {"tied", layout.legend.tied}, {"rest", layout.legend.rest}}},
      {"rows", Json::array()}};
  for (const auto& column : layout.columns)
    out["columns"].push_back({{"head", column.head}, {"paper", column.paper}});
  for (const auto& group : layout.groups)
    out["groups"].push_back({{"name", group.name}, {"first", group.first}, {"count", group.count}});
  for (const auto& value : table.values) out["values"].push_back(value.name);
  for (std::size_t r = 0; r < layout.numbers.size(); ++r)
    out["rows"].push_back(row_data(table, layout, r, results));
  return out;
}

Json claims_data(const config::Study& study, const Results& results) {
  Json out = Json::parse(claims_json(study, decide_claims(study, results)));
  for (std::size_t i = 0; i < study.claims.size(); ++i) {
    std::set<std::uint64_t> variants;
    for (const auto& side : study.claims[i].sides)
      variants.insert(side.variants.begin(), side.variants.end());
    out[i]["limits"] = limits_of(study.claims[i]);
    out[i]["cells"] = cells_of(variants, results);
  }
  return out;
}

Json effects_data(const config::Study& study, const Results& results) {
  if (!study.ablation) return Json::array();
  Json out = Json::parse(effects_json(study, part_effects(study, results)));
  const Compared compared(study, results);
  for (Json& effects : out) {
    for (Json& part : effects["parts"])
      part["cells"] = compared.cells(compared.part_named(part["name"]));
    for (Json& two : effects["interactions"])
      two["cells"] = compared.cells(compared.two_named(two["name"]));
  }
  return out;
}

Json stages_data(const Loaded& loaded, Json& summary) {
  const config::Study& study = *loaded.study;
  const auto timings = store::Store::read_timings(loaded.folder);
  const auto outline =
      execute::outline(study, *loaded.linker, loaded.results.schedule.wanted, {}, {}, timings);
  summary["stages"] = outline.stages;
  summary["unique_stages"] = outline.unique;
  if (outline.seconds >= 0)
    summary["seconds"] = outline.seconds, summary["seconds_unshared"] = outline.seconds_unshared;
  Json out = Json::array();
  for (std::size_t s = 0; s < study.stages.size(); ++s) {
    std::vector<double> seconds;
    double bytes = 0.0;
    for (const auto& timing : timings) {
      if (timing.stage != study.stages[s].name) continue;
      seconds.push_back(timing.seconds);
      bytes = std::max(bytes, timing.bytes);
    }
    const auto times = analyse::summarise(seconds);
    const auto runs = outline.unique_by_stage[s];
    Json one = {{"name", study.stages[s].name},
                {"component", study.stages[s].component->name},
                {"version", study.stages[s].component->version},
                {"runs", runs},
                {"timed", times.count}};
    if (times.count > 0) {
      one["mean"] = times.mean, one["longest"] = times.maximum;
      one["total"] = times.mean * static_cast<double>(runs);
      one["bytes"] = bytes;
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace assay::cli
