// The study, its cells and their configurations, for the HTML report.
#include "runner/cli/report_data.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "runner/analyse/summary.h"
#include "runner/cli/command.h"
#include "runner/registry/registry.h"
#include "runner/rounds/evidence.h"

namespace assay::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string last_part(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string::npos || path.find(' ') != std::string::npos ? path
                                                                         : path.substr(dot + 1);
}

// Axes by the last part of their path, where that is no other's.
Json axes_data(const config::Study& study, const store::StudyTable& table) {
  std::map<std::string, int> uses;
  for (const auto& axis : table.axes) ++uses[last_part(axis.name)];
  Json out = Json::array();
  for (std::size_t a = 0; a < table.axes.size(); ++a) {
    const auto& axis = table.axes[a];
    const std::string shorter = last_part(axis.name);
    Json one = {{"name", axis.name},
                {"short", uses[shorter] == 1 ? shorter : axis.name},
                {"paths", study.design.axes()[a].paths},
                {"labels", axis.labels}};
    if (!axis.numbers.empty()) one["numbers"] = axis.numbers;
    for (const auto& values : study.design.axes()[a].values) {
      Json texts = Json::array();
      for (const Value& value : values) texts.push_back(value.none() ? Json() : Json(value.text()));
      one["values"].push_back(std::move(texts));
    }
    out.push_back(std::move(one));
  }
  return out;
}

// How each stage is configured in each variant: every text once, since variants share most.
Json configs_data(const Loaded& loaded) {
  const config::Study& study = *loaded.study;
  std::vector<std::map<std::string, std::size_t>> places(study.stages.size());
  Json out, texts = Json::array(), of = Json::array(), names = Json::array();
  for (const auto& stage : study.stages) names.push_back(stage.name);
  texts.get_ref<Json::array_t&>().resize(study.stages.size(), Json::array());
  graph::CellLink link;
  study.design.for_each([&](std::uint64_t, const std::vector<int>& choice) {
    Json row = Json::array();
    row.get_ref<Json::array_t&>().resize(study.stages.size(), Json(-1));
    loaded.linker->link(choice, 0, link);
    for (const auto& step : link.steps) {
      const auto s = static_cast<std::size_t>(step.stage);
      const std::string text = loaded.linker->configure(step.stage, choice).text();
      const auto [it, fresh] = places[s].emplace(text, texts[s].size());
      if (fresh) texts[s].push_back(text);
      row[s] = it->second;
    }
    of.push_back(std::move(row));
    return true;
  });
  out["stages"] = std::move(names);
  out["texts"] = std::move(texts);
  out["of"] = std::move(of);
  return out;
}

double rounded(double value, double unit) {
  return std::round(value / unit) * unit;
}

// As columns: a name is written once, not once a cell.
Json cells_data(const Loaded& loaded, const std::vector<MetricColumn>& metrics) {
  const auto& rows = loaded.results.table.rows;
  Json status = Json::array(), seconds = Json::array(), finished = Json::array(),
       keys = Json::array(), values = Json::array();
  graph::CellLink link;
  for (const auto& row : rows) {
    const store::CellRecord* record = row.record;
    status.push_back(record ? static_cast<int>(record->status) : 0);
    seconds.push_back(record ? Json(rounded(record->seconds, 1e-6)) : Json());
    finished.push_back(record ? Json(std::floor(record->finished)) : Json());
    loaded.linker->link(row.axis_values, row.replicate, link);
    keys.push_back(link.key.hex());
  }
  for (const auto& metric : metrics) {
    Json column = Json::array();
    for (const auto& row : rows) {
      const auto value = rounds::measured(row.record, metric.name);
      column.push_back(value ? Json(*value) : Json());
    }
    values.push_back(std::move(column));
  }
  return {{"status", status},
          {"seconds", seconds},
          {"finished", finished},
          {"key", keys},
          {"values", values}};
}

// Over the seeds of each variant: what figures show of a metric.
Json summaries_data(const Results& results, const std::vector<MetricColumn>& metrics) {
  Json out = Json::array();
  for (const auto& metric : metrics) {
    Json means = Json::array(), deviations = Json::array(), counts = Json::array();
    for (std::uint64_t variant = 0; variant < results.first_row.size(); ++variant) {
      std::vector<double> values;
      for (const std::size_t row : results.rows_of(variant))
        if (const auto value = rounds::measured(results.table.rows[row].record, metric.name))
          values.push_back(*value);
      const auto summary = analyse::summarise(values);
      means.push_back(summary.count > 0 ? Json(summary.mean) : Json());
      deviations.push_back(summary.count > 1 ? Json(summary.deviation) : Json());
      counts.push_back(summary.count);
    }
    out.push_back(
        {{"mean", std::move(means)}, {"sd", std::move(deviations)}, {"n", std::move(counts)}});
  }
  return out;
}

Json failures_data(const Results& results) {
  Json out = Json::array();
  for (std::size_t i = 0; i < results.table.rows.size(); ++i) {
    const store::CellRecord* record = results.table.rows[i].record;
    if (record && record->status == store::Status::kFailed)
      out.push_back({{"cell", i}, {"stage", record->failed_stage}, {"message", record->message}});
  }
  return out;
}

Json summary_data(const config::Study& study, const Results& results) {
  double first = HUGE_VAL, last = -HUGE_VAL;
  for (const auto& row : results.table.rows) {
    if (!row.record) continue;
    first = std::min(first, row.record->finished - row.record->seconds);
    last = std::max(last, row.record->finished);
  }
  Json out = {{"cells", results.table.rows.size()}, {"done", results.done},
              {"failed", results.failed},           {"missing", results.missing},
              {"variants", study.design.size()},    {"seeds", study.seeds}};
  if (last >= first) out["first"] = rounded(first, 1e-3), out["last"] = rounded(last, 1e-3);
  return out;
}

// Of each variant, how many seeds are wanted; their cells follow one another, in the same order.
Json seeds_data(const Results& results) {
  Json out = Json::array();
  for (std::uint64_t variant = 0; variant < results.first_row.size(); ++variant)
    out.push_back(results.schedule.wanted.seeds(variant));
  return out;
}

Json variants_data(const config::Study& study) {
  Json out = Json::array();
  study.design.for_each([&](std::uint64_t, const std::vector<int>& choice) {
    out.push_back(choice);
    return true;
  });
  return out;
}

}  // namespace

std::vector<MetricColumn> metric_columns(const config::Study& study, const Results& results) {
  std::vector<MetricColumn> out;
  std::set<std::string> seen;
  const auto add = [&](const std::string& name) {
    if (!seen.insert(name).second) return;
    const std::size_t dot = name.find('.');
    const ComponentSpec* spec = dot == std::string::npos
                                    ? nullptr
                                    : Registry::global().find("metric", name.substr(dot + 1));
    out.push_back({name, spec ? spec->better : ""});
  };
  for (const std::string& name : study.table.values) add(name);
  for (const auto& row : results.table.rows)
    if (row.record)
      for (const Measured& m : row.record->metrics) add(m.name);
  // What the study itself says goes before what the metric declares.
  for (MetricColumn& metric : out) {
    for (const auto& claim : study.claims)
      if (claim.metric == metric.name) metric.better = claim.highest ? "higher" : "lower";
    const auto& best = study.table.best;
    for (std::size_t i = 0; i < study.table.values.size() && !best.empty(); ++i) {
      const std::string& mark = best.size() == 1 ? best[0] : best[i];
      if (study.table.values[i] != metric.name) continue;
      if (mark == "highest") metric.better = "higher";
      if (mark == "lowest") metric.better = "lower";
    }
  }
  return out;
}

Json report_data(const Loaded& loaded, const ReportOptions& options) {
  const config::Study& study = *loaded.study;
  const Results& results = loaded.results;
  const std::string text = config::show(study.root, false);
  const auto metrics = metric_columns(study, results);
  Json out;
  out["assay"] = ASSAY_VERSION;
  out["study"] = {{"name", study.name},      {"title", study.title}, {"notes", study.notes},
                  {"folder", loaded.folder}, {"text", text},         {"hash", hash(text).hex()}};
  Json summary = summary_data(study, results);
  out["stages"] = stages_data(loaded, summary);
  out["summary"] = std::move(summary);
  out["axes"] = axes_data(study, results.table);
  out["metrics"] = Json::array();
  for (const auto& metric : metrics)
    out["metrics"].push_back({{"name", metric.name}, {"better", metric.better}});
  out["variants"] = variants_data(study);
  out["seeds"] = seeds_data(results);
  out["summaries"] = summaries_data(results, metrics);
  out["configs"] = configs_data(loaded);
  out["cells"] = cells_data(loaded, metrics);
  out["failures"] = failures_data(results);
  out["claims"] = claims_data(study, results);
  out["table"] = table_data(study, results);
  out["effects"] = effects_data(study, results);
  out["curves"] = curves_data(results);
  out["ranks"] = ranks_data(study, results, metrics, options.tasks);
  return out;
}

std::string report_text(const Loaded& loaded, const ReportOptions& options) {
  return report_data(loaded, options).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace assay::cli
