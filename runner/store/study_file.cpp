// study.h5: the user's file, in netCDF-4 conventions, so that xarray shows labelled arrays.
#include <hdf5_hl.h>

#include <map>
#include <set>

#include "runner/store/hdf5.h"

namespace assay::store {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// A group of variables over shared dimensions. Every variable gets its dimension scales: h5netcdf
// refuses a group with a single array that lacks them.
class Group {
 public:
  Group(hid_t parent, const char* name, int& dimensions)
      : id_(H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
            "make a group"),
        dimensions_(dimensions) {}

  // A dimension with numbers as its coordinate.
  void dimension(const std::string& name, const std::vector<double>& values) {
    variable(name, H5T_NATIVE_DOUBLE, {values.size()}, values.data());
    make_scale(name, values.size());
  }
  void dimension(const std::string& name, const std::vector<std::string>& labels) {
    strings(name, labels, {labels.size()});
    make_scale(name, labels.size());
  }
  void numbers(const std::string& name, const std::vector<std::string>& dims,
               const std::vector<double>& values) {
    variable(name, H5T_NATIVE_DOUBLE, sizes(dims), values.data(), &kMissing);
    attach(name, dims);
  }
  void bytes(const std::string& name, const std::vector<std::string>& dims,
             const std::vector<std::int8_t>& values) {
    variable(name, H5T_NATIVE_INT8, sizes(dims), values.data());
    attach(name, dims);
  }
  void labels(const std::string& name, const std::vector<std::string>& dims,
              const std::vector<std::string>& values) {
    strings(name, values, sizes(dims));
    attach(name, dims);
  }
  void note(const std::string& name, const std::string& attribute, const std::string& text) {
    H5LTset_attribute_string(id_, name.c_str(), attribute.c_str(), text.c_str());
  }

 private:
  std::vector<hsize_t> sizes(const std::vector<std::string>& dims) const {
    std::vector<hsize_t> out;
    for (const auto& dim : dims) out.push_back(lengths_.at(dim));
    return out;
  }

  void variable(const std::string& name, hid_t type, const std::vector<hsize_t>& dims,
                const void* data, const double* fill = nullptr) {
    const Id space(dims.empty()
                       ? H5Screate(H5S_SCALAR)
                       : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr),
                   H5Sclose, "make a space");
    const Id create(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "make a list");
    if (fill) H5Pset_fill_value(create, H5T_NATIVE_DOUBLE, fill);
    const Id set(H5Dcreate2(id_, name.c_str(), type, space, H5P_DEFAULT, create, H5P_DEFAULT),
                 H5Dclose, ("create " + name).c_str());
    if (data && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
      throw StoreError("HDF5 could not write " + name);
    if (fill) H5LTset_attribute_double(id_, name.c_str(), "_FillValue", fill, 1);
  }

  void strings(const std::string& name, const std::vector<std::string>& values,
               const std::vector<hsize_t>& dims) {
    const Id type(H5Tcopy(H5T_C_S1), H5Tclose, "copy a type");
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    std::vector<const char*> pointers;
    for (const auto& value : values) pointers.push_back(value.c_str());
    variable(name, type, dims, pointers.data());
  }

  void make_scale(const std::string& name, std::size_t length) {
    lengths_[name] = length;
    const Id set(H5Dopen2(id_, name.c_str(), H5P_DEFAULT), H5Dclose, "open a dimension");
    H5DSset_scale(set, name.c_str());
    const int order = dimensions_++;
    H5LTset_attribute_int(id_, name.c_str(), "_Netcdf4Dimid", &order, 1);
  }

  void attach(const std::string& name, const std::vector<std::string>& dims) {
    const Id set(H5Dopen2(id_, name.c_str(), H5P_DEFAULT), H5Dclose, "open a variable");
    for (std::size_t i = 0; i < dims.size(); ++i) {
      const Id scale(H5Dopen2(id_, dims[i].c_str(), H5P_DEFAULT), H5Dclose, "open a dimension");
      H5DSattach_scale(set, scale, static_cast<unsigned>(i));
    }
  }

  Id id_;
  int& dimensions_;  // counted over the whole file, as netCDF does
  std::map<std::string, hsize_t> lengths_;
};

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
  return row.record ? static_cast<std::int8_t>(row.record->status) : 0;
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

bool is_dense(const StudyTable& table, std::size_t max_dense) {
  std::size_t size = std::max<std::size_t>(1, table.replicates);
  for (const auto& axis : table.axes) size *= axis.labels.size();
  if (size != table.rows.size() || size > max_dense) return false;
  return std::all_of(table.rows.begin(), table.rows.end(), [](const auto& row) {
    return std::all_of(row.axis_values.begin(), row.axis_values.end(),
                       [](int v) { return v >= 0; });
  });
}

// Axes x replicate. Requires is_dense.
void write_dense(hid_t file, const StudyTable& table,
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
  std::vector<std::size_t> place;
  for (const auto& row : table.rows) {
    std::size_t at = 0;
    for (std::size_t a = 0; a < table.axes.size(); ++a)
      at = at * table.axes[a].labels.size() + static_cast<std::size_t>(row.axis_values[a]);
    place.push_back(at * table.replicates + row.replicate);
  }
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

// One group for each curve: cell x step, where all cells that have it agree on the steps.
void write_curves(hid_t file, const StudyTable& table, int& dimensions) {
  std::map<std::string, std::vector<std::pair<std::size_t, const Curve*>>> curves;
  for (std::size_t i = 0; i < table.rows.size(); ++i)
    if (table.rows[i].record)
      for (const Curve& curve : table.rows[i].record->curves)
        curves[curve.name].emplace_back(i, &curve);
  if (curves.empty()) return;
  const Id parent(H5Gcreate2(file, "curves", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
                  "make a group");
  for (const auto& [name, list] : curves) {
    const std::vector<double>& step = list.front().second->step;
    const bool agree = std::all_of(list.begin(), list.end(),
                                   [&](const auto& c) { return c.second->step == step; });
    if (!agree || step.empty()) continue;
    Group group(parent, plain(name).c_str(), dimensions);
    std::vector<double> index, values;
    for (const auto& [cell, curve] : list) {
      index.push_back(static_cast<double>(cell));
      values.insert(values.end(), curve->value.begin(), curve->value.end());
    }
    group.dimension("cell", index);
    group.dimension("step", step);
    group.numbers("value", {"cell", "step"}, values);
  }
}

}  // namespace

void write_study(const std::filesystem::path& file, const StudyTable& table,
                 std::size_t max_dense) {
  const std::scoped_lock lock(hdf5_mutex());
  MemoryFile out;
  const auto metrics = metric_columns(table);
  int dimensions = 0;
  if (is_dense(table, max_dense)) write_dense(out.id(), table, metrics, dimensions);
  write_cells(out.id(), table, metrics, dimensions);
  write_curves(out.id(), table, dimensions);
  const Id group(H5Gcreate2(out.id(), "provenance", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                 H5Gclose, "make a group");
  for (const auto& [name, text] : table.provenance) {
    const Id type(H5Tcopy(H5T_C_S1), H5Tclose, "copy a type");
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    const Id space(H5Screate(H5S_SCALAR), H5Sclose, "make a space");
    const Id set(
        H5Dcreate2(group, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
        H5Dclose, "write provenance");
    const char* pointer = text.c_str();
    H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &pointer);
  }
  commit_file(file, out.image(), true);
}

}  // namespace assay::store
