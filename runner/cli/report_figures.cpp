// Data of figures that are more than the table: curves over seeds, and ranks over tasks.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "runner/analyse/ranking.h"
#include "runner/cli/command.h"
#include "runner/cli/report_data.h"
#include "runner/rounds/evidence.h"

namespace assay::cli {

namespace {

using Json = nlohmann::ordered_json;

// Of all curves together, at most: a report of a thousand cells stays small.
constexpr std::size_t kMostPoints = 40'000;
constexpr std::size_t kFewest = 12, kMost = 240;

// Enough digits for a picture.
double short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", value);
  return std::strtod(text, nullptr);
}

// The values at each step, of all seeds.
using Points = std::map<double, std::vector<double>>;

// curve -> variant -> points
std::map<std::string, std::map<std::uint64_t, Points>> points_of(const Results& results) {
  std::map<std::string, std::map<std::uint64_t, Points>> out;
  for (std::size_t i = 0; i < results.table.rows.size(); ++i) {
    const store::CellRecord* record = results.table.rows[i].record;
    if (!record || record->status != store::Status::kDone) continue;
    for (const Curve& curve : record->curves)
      for (std::size_t k = 0; k < std::min(curve.step.size(), curve.value.size()); ++k)
        if (std::isfinite(curve.step[k]) && std::isfinite(curve.value[k]))
          out[curve.name][results.variant_of(i)][curve.step[k]].push_back(curve.value[k]);
  }
  return out;
}

// Means and standard deviations at `most` of the steps, the first and the last among them.
Json series_data(const Points& points, std::size_t most) {
  std::vector<const Points::value_type*> all;
  for (const auto& point : points) all.push_back(&point);
  const std::size_t count = std::min(all.size(), most);
  Json step = Json::array(), mean = Json::array(), deviation = Json::array();
  std::size_t seeds = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const auto& [at, values] = *all[count > 1 ? k * (all.size() - 1) / (count - 1) : 0];
    const auto summary = analyse::summarise(values);
    seeds = std::max(seeds, summary.count);
    step.push_back(short_number(at));
    mean.push_back(short_number(summary.mean));
    deviation.push_back(short_number(summary.deviation));
  }
  Json out = {{"seeds", seeds}, {"step", step}, {"mean", mean}};
  if (seeds > 1) out["sd"] = std::move(deviation);
  return out;
}

bool chooses_data(const design::Axis& axis) {
  return std::any_of(axis.paths.begin(), axis.paths.end(), [](const std::string& path) {
    const std::string last = path.substr(path.rfind('.') + 1);
    return last == "dataset" || last == "data" || last == "task";
  });
}

// -1: there is none.
int task_axis(const config::Study& study, const std::string& wanted) {
  const auto& axes = study.design.axes();
  for (std::size_t a = 0; a < axes.size(); ++a)
    if (wanted.empty() ? chooses_data(axes[a]) && axes[a].values.size() > 1
                       : axes[a].name == wanted)
      return static_cast<int>(a);
  if (wanted.empty()) return -1;
  std::vector<std::string> names;
  for (const auto& axis : axes) names.push_back(axis.name);
  throw UsageError("the study has no axis \"" + wanted + "\"" + suggestion(wanted, names));
}

// A variant of everything but the task: its name, and its variants by task.
struct System {
  std::string label;
  std::map<int, std::uint64_t> variants;
};

std::vector<System> systems_of(const config::Study& study, std::size_t tasks) {
  std::vector<System> out;
  std::map<std::vector<int>, std::size_t> place;
  study.design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
    std::vector<int> rest = choice;
    std::string label;
    for (std::size_t a = 0; a < choice.size(); ++a) {
      if (a == tasks || choice[a] < 0) continue;
      label += (label.empty() ? "" : ", ") +
               study.design.axes()[a].labels[static_cast<std::size_t>(choice[a])];
    }
    rest[tasks] = -1;
    const auto [it, fresh] = place.emplace(std::move(rest), out.size());
    if (fresh) out.push_back({label, {}});
    if (choice[tasks] >= 0) out[it->second].variants[choice[tasks]] = variant;
    return true;
  });
  return out;
}

// Over the seeds that are done.
std::optional<double> mean_of(const Results& results, std::uint64_t variant,
                              const std::string& metric) {
  std::vector<double> values;
  for (const std::size_t row : results.rows_of(variant))
    if (const auto value = rounds::measured(results.table.rows[row].record, metric))
      values.push_back(*value);
  if (values.empty()) return std::nullopt;
  return analyse::summarise(values).mean;
}

// Only systems with a value on every task are ranked. Rank 1 is the best.
Json ranks_of(const Results& results, const MetricColumn& metric,
              const std::vector<System>& systems, std::size_t tasks) {
  std::vector<const System*> ranked;
  std::vector<std::vector<double>> columns;
  for (const System& system : systems) {
    std::vector<double> column;
    for (const auto& [task, variant] : system.variants)
      if (const auto value = mean_of(results, variant, metric.name))
        column.push_back(metric.better == "higher" ? -*value : *value);
    if (column.size() < tasks) continue;
    ranked.push_back(&system);
    columns.push_back(std::move(column));
  }
  constexpr std::size_t kMostSystems = 40;  // a diagram of more cannot be read
  if (ranked.size() < 2 || ranked.size() > kMostSystems) return {};
  std::vector<double> scores;
  for (std::size_t task = 0; task < tasks; ++task)
    for (const auto& column : columns) scores.push_back(column[task]);
  const auto found = analyse::friedman(scores, ranked.size());
  const double critical = analyse::critical_difference(ranked.size(), tasks);
  Json out = {{"metric", metric.name},
              {"tasks", tasks},
              {"p", found.f.p},
              {"critical_difference", critical},
              {"left_out", systems.size() - ranked.size()},
              {"groups", analyse::rank_groups(found.average_ranks, critical)},
              {"systems", Json::array()}};
  for (std::size_t s = 0; s < ranked.size(); ++s) {
    Json cells = Json::array();
    for (const auto& [task, variant] : ranked[s]->variants)
      for (const std::size_t row : results.rows_of(variant)) cells.push_back(row);
    out["systems"].push_back({{"label", ranked[s]->label},
                              {"rank", found.average_ranks[s]},
                              {"cells", std::move(cells)}});
  }
  return out;
}

}  // namespace

// Variants that share the stage of a curve have one series, not as many that hide each other.
Json curves_data(const Results& results) {
  const auto curves = points_of(results);
  std::size_t series = 0;
  for (const auto& [name, variants] : curves) series += variants.size();
  const std::size_t most =
      std::clamp(kMostPoints / std::max<std::size_t>(1, series), kFewest, kMost);
  Json out = Json::array();
  for (const auto& [name, variants] : curves) {
    std::map<Points, std::vector<std::uint64_t>> alike;
    std::vector<const Points*> order;
    for (const auto& [variant, points] : variants) {
      auto& same = alike[points];
      if (same.empty()) order.push_back(&points);
      same.push_back(variant);
    }
    Json one = {{"name", name}, {"series", Json::array()}};
    bool several = false;  // a curve of one step is no curve
    for (const Points* points : order) {
      several = several || points->size() > 1;
      one["series"].push_back(series_data(*points, most));
      one["series"].back()["variants"] = alike[*points];
    }
    if (several) out.push_back(std::move(one));
  }
  return out;
}

Json ranks_data(const config::Study& study, const Results& results,
                const std::vector<MetricColumn>& metrics, const std::string& wanted) {
  Json out = Json::array();
  const int axis = task_axis(study, wanted);
  if (axis < 0) return out;
  const auto& tasks = study.design.axes()[static_cast<std::size_t>(axis)];
  const auto systems = systems_of(study, static_cast<std::size_t>(axis));
  for (const MetricColumn& metric : metrics) {
    if (metric.better.empty()) continue;
    Json one = ranks_of(results, metric, systems, tasks.values.size());
    if (one.is_null()) continue;
    one["axis"] = tasks.name;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace assay::cli
