// study.h5: the user's file, in netCDF-4 conventions, so that xarray shows labelled arrays.
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "runner/store/files.h"
#include "runner/store/netcdf.h"

namespace assay::store {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// netCDF names may not contain '/'.
std::string plain(std::string name) {
  std::replace(name.begin(), name.end(), '/', '|');
  return name;
}

// A metric that bears the name of an axis gets another one: two variables cannot share a name.
std::string variable_name(const StudyTable& table, const std::string& metric) {
  const bool taken = std::any_of(table.axes.begin(), table.axes.end(),
                                 [&](const auto& axis) { return axis.name == metric; });
  return plain(taken ? metric + "_measured" : metric);
}

std::vector<std::string> metric_names(const StudyTable& table) {
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const auto& row : table.rows)
    if (row.record)
      for (const Measured& m : row.record->metrics)
        if (seen.insert(m.name).second) out.push_back(m.name);
  return out;
}

// Values of each metric, one for each row of the table.
std::map<std::string, std::vector<double>> metric_columns(const StudyTable& table) {
  std::map<std::string, std::vector<double>> out;
  for (const auto& name : metric_names(table)) out[name].assign(table.rows.size(), kMissing);
  for (std::size_t i = 0; i < table.rows.size(); ++i)
    if (const CellRecord* record = table.rows[i].record)
      for (const Measured& m : record->metrics) out[m.name][i] = m.value;
  return out;
}

std::int8_t state_of(const StudyTable::Row& row) {
  return row.record ? static_cast<std::int8_t>(row.record->status) : std::int8_t{0};
}

constexpr char kStatusMeaning[] = "0 not run, 1 done, 2 failed";

void write_cells(hid_t file, const StudyTable& table,
                 const std::map<std::string, std::vector<double>>& metrics, int& dimensions) {
  Group cells(file, "cells", dimensions);
  std::vector<double> index, replicates, seconds;
  std::vector<std::int8_t> status;
  std::vector<std::string> configs, stages, messages;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    index.push_back(static_cast<double>(i));
    replicates.push_back(static_cast<double>(row.replicate));
    seconds.push_back(row.record ? row.record->seconds : kMissing);
    status.push_back(state_of(row));
    configs.push_back(row.record ? row.record->config : "");
    stages.push_back(row.record ? row.record->failed_stage : "");
    messages.push_back(row.record ? row.record->message : "");
  }
  cells.dimension("cell", index);
  for (std::size_t a = 0; a < table.axes.size(); ++a) {
    std::vector<std::string> labels;
    for (const auto& row : table.rows) {
      const int value = row.axis_values[a];
      labels.push_back(value < 0 ? "" : table.axes[a].labels[static_cast<std::size_t>(value)]);
    }
    cells.labels(plain(table.axes[a].name), {"cell"}, labels);
  }
  cells.numbers("replicate", {"cell"}, replicates);
  cells.bytes("status", {"cell"}, status);
  cells.note("status", "long_name", kStatusMeaning);
  cells.numbers("seconds", {"cell"}, seconds);
  cells.note("seconds", "units", "s");
  cells.labels("config", {"cell"}, configs);
  cells.labels("failed_stage", {"cell"}, stages);
  cells.labels("message", {"cell"}, messages);
  for (const auto& [name, values] : metrics)
    cells.numbers(variable_name(table, name), {"cell"}, values);
}

// Where each row lies in the grid of axes x replicate; nothing where the rows do not fill it, each
// place once, or where it has more than `max_dense` places.
std::optional<std::vector<std::size_t>> grid_places(const StudyTable& table,
                                                    std::size_t max_dense) {
  std::size_t size = table.replicates;
  for (const auto& axis : table.axes) {
    size *= axis.labels.size();
    if (size > max_dense) return std::nullopt;
  }
  if (size == 0 || size != table.rows.size()) return std::nullopt;
  std::vector<std::size_t> out;
  std::vector<bool> taken(size);
  for (const auto& row : table.rows) {
    if (row.replicate >= table.replicates) return std::nullopt;
    std::size_t at = 0;
    for (std::size_t a = 0; a < table.axes.size(); ++a) {
      if (row.axis_values[a] < 0) return std::nullopt;
      at = at * table.axes[a].labels.size() + static_cast<std::size_t>(row.axis_values[a]);
    }
    at = at * table.replicates + row.replicate;
    if (taken[at]) return std::nullopt;
    taken[at] = true;
    out.push_back(at);
  }
  return out;
}

// Axes x replicate; `place` from grid_places.
void write_dense(hid_t file, const StudyTable& table, const std::vector<std::size_t>& place,
                 const std::map<std::string, std::vector<double>>& metrics, int& dimensions) {
  Group grid(file, "grid", dimensions);
  std::vector<std::string> dims;
  for (const auto& axis : table.axes) {
    dims.push_back(plain(axis.name));
    if (axis.numbers.empty())
      grid.dimension(dims.back(), axis.labels);
    else
      grid.dimension(dims.back(), axis.numbers);
  }
  dims.emplace_back("replicate");
  std::vector<double> replicates;
  for (std::size_t r = 0; r < table.replicates; ++r) replicates.push_back(static_cast<double>(r));
  grid.dimension("replicate", replicates);
  std::vector<std::int8_t> status(place.size());
  for (std::size_t i = 0; i < place.size(); ++i) status[place[i]] = state_of(table.rows[i]);
  grid.bytes("status", dims, status);
  grid.note("status", "long_name", kStatusMeaning);
  for (const auto& [name, values] : metrics) {
    std::vector<double> dense(place.size(), kMissing);
    for (std::size_t i = 0; i < place.size(); ++i) dense[place[i]] = values[i];
    grid.numbers(variable_name(table, name), dims, dense);
  }
}

using CurvesOfCells = std::vector<std::pair<std::size_t, const Curve*>>;

// Every step that any of the cells has, ascending.
std::vector<double> steps_of(const CurvesOfCells& list) {
  std::vector<double> out = list.front().second->step;
  for (const auto& [cell, curve] : list)
    if (curve->step != list.front().second->step)
      out.insert(out.end(), curve->step.begin(), curve->step.end());
  std::erase_if(out, [](double step) { return std::isnan(step); });  // which have no order
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// The value of a curve at each of the steps; missing where it has none there.
void add_row(const Curve& curve, const std::vector<double>& steps, std::vector<double>& out) {
  const std::size_t row = out.size();
  out.resize(row + steps.size(), kMissing);
  for (std::size_t i = 0; i < curve.step.size(); ++i) {
    if (std::isnan(curve.step[i])) continue;
    const auto at = std::lower_bound(steps.begin(), steps.end(), curve.step[i]);
    out[row + static_cast<std::size_t>(at - steps.begin())] = curve.value[i];
  }
}

// One group for each curve: cell x step, of all steps that occur. A curve of more than kMostPoints
// places is left to the segments.
constexpr std::size_t kMostPoints = 4'000'000;
void write_curves(hid_t file, const StudyTable& table, int& dimensions) {
  std::map<std::string, CurvesOfCells> curves;
  for (std::size_t i = 0; i < table.rows.size(); ++i)
    if (table.rows[i].record)
      for (const Curve& curve : table.rows[i].record->curves)
        curves[curve.name].emplace_back(i, &curve);
  if (curves.empty()) return;
  const Id parent(H5Gcreate2(file, "curves", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
                  "make a group");
  for (const auto& [name, list] : curves) {
    const std::vector<double> steps = steps_of(list);
    if (steps.empty() || steps.size() > kMostPoints / list.size()) continue;
    Group group(parent, plain(name), dimensions);
    std::vector<double> index, values;
    for (const auto& [cell, curve] : list) {
      index.push_back(static_cast<double>(cell));
      add_row(*curve, steps, values);
    }
    group.dimension("cell", index);
    group.dimension("step", steps);
    group.numbers("value", {"cell", "step"}, values);
  }
}

}  // namespace

std::vector<std::byte> study_image(const StudyTable& table, std::size_t max_dense) {
  const std::scoped_lock lock(hdf5_mutex());
  MemoryFile out;
  const auto metrics = metric_columns(table);
  int dimensions = 0;
  if (const auto place = grid_places(table, max_dense))
    write_dense(out.id(), table, *place, metrics, dimensions);
  write_cells(out.id(), table, metrics, dimensions);
  write_curves(out.id(), table, dimensions);
  const Id group(H5Gcreate2(out.id(), "provenance", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                 H5Gclose, "make a group");
  for (const auto& [name, text] : table.provenance) write_text(group, name, text);
  return out.image();
}

void write_study(const std::filesystem::path& file, const StudyTable& table,
                 std::size_t max_dense) {
  replace_file(file, study_image(table, max_dense));
}

}  // namespace assay::store
