#include "runner/store/segment.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "runner/store/columns.h"

namespace assay::store {

namespace {

std::vector<Store::CellState> states_in(const MemoryFile& file) {
  const auto status = get<std::uint8_t>(file, "status");
  const auto keys = get<std::int64_t>(file, "keys", 2 * status.size());
  std::vector<Store::CellState> out;
  out.reserve(status.size());
  for (std::size_t i = 0; i < status.size(); ++i) {
    const auto state = static_cast<Status>(status[i]);
    require(state == Status::kDone || state == Status::kFailed, "status");
    out.push_back(
        {{static_cast<std::uint64_t>(keys[2 * i]), static_cast<std::uint64_t>(keys[2 * i + 1])},
         state});
  }
  return out;
}

void read_cells(const MemoryFile& file, std::vector<CellRecord>& cells) {
  const auto states = states_in(file);
  const std::size_t n = states.size();
  const auto replicates = get<std::int64_t>(file, "replicate", n);
  const auto seconds = get<double>(file, "seconds", n), finished = get<double>(file, "finished", n);
  const Texts config = get_texts(file, "config", n), stage = get_texts(file, "failed_stage", n);
  const Texts message = get_texts(file, "message", n);
  // The first segments were written without it, and what a checkpoint measured needs none.
  const auto origins = file.has("origin") ? get<std::int64_t>(file, "origin", 2 * n)
                                          : std::vector<std::int64_t>(2 * n);
  for (std::size_t i = 0; i < n; ++i) {
    CellRecord& cell = cells.emplace_back();
    cell.key = states[i].key;
    cell.status = states[i].status;
    cell.replicate = static_cast<std::uint64_t>(replicates[i]);
    cell.seconds = seconds[i];
    cell.finished = finished[i];
    cell.origin = {static_cast<std::uint64_t>(origins[2 * i]),
                   static_cast<std::uint64_t>(origins[2 * i + 1])};
    cell.config = config.at(i);
    cell.failed_stage = stage.at(i);
    cell.message = message.at(i);
  }
}

void read_metrics(const MemoryFile& file, const Texts& names, std::vector<CellRecord>& cells) {
  const auto cell = get<std::int32_t>(file, "metric_cell");
  const auto name = get<std::int32_t>(file, "metric_name", cell.size());
  const auto value = get<double>(file, "metric_value", cell.size());
  require_indices(cell, cells.size(), "metric_cell");
  require_indices(name, names.offsets.size() - 1, "metric_name");
  for (std::size_t i = 0; i < cell.size(); ++i)
    cells[static_cast<std::size_t>(cell[i])].metrics.push_back(
        {names.at(static_cast<std::size_t>(name[i])), value[i]});
}

// Where the steps of each curve begin. Segments of the first format kept them curve by curve, as
// many as there are values.
std::vector<std::int64_t> first_steps(const MemoryFile& file, std::size_t steps,
                                      const std::vector<std::int64_t>& offsets) {
  const std::size_t curves = offsets.size() - 1;
  if (!file.has("curve_first_step")) {
    require(static_cast<std::int64_t>(steps) == offsets.back(), "curve_step");
    return {offsets.begin(), offsets.end() - 1};
  }
  auto out = get<std::int64_t>(file, "curve_first_step", curves);
  for (std::size_t i = 0; i < curves; ++i) {
    const auto length = static_cast<std::uint64_t>(offsets[i + 1] - offsets[i]);
    const auto first = static_cast<std::uint64_t>(out[i]);
    require(first <= steps && length <= steps - first, "curve_first_step");
  }
  return out;
}

void read_curves(const MemoryFile& file, const Texts& names, std::vector<CellRecord>& cells) {
  const auto cell = get<std::int32_t>(file, "curve_cell");
  const auto name = get<std::int32_t>(file, "curve_name", cell.size());
  const auto steps = get<double>(file, "curve_step"), values = get<double>(file, "curve_value");
  const auto offsets = get<std::int64_t>(file, "curve_offset");
  require_indices(cell, cells.size(), "curve_cell");
  require_indices(name, names.offsets.size() - 1, "curve_name");
  require_offsets(offsets, cell.size(), values.size(), "curve_offset");
  const auto first = first_steps(file, steps.size(), offsets);
  for (std::size_t i = 0; i < cell.size(); ++i) {
    const auto step = steps.begin() + first[i];
    cells[static_cast<std::size_t>(cell[i])].curves.push_back(
        {names.at(static_cast<std::size_t>(name[i])),
         {step, step + (offsets[i + 1] - offsets[i])},
         {values.begin() + offsets[i], values.begin() + offsets[i + 1]}});
  }
}

// Steps of curves, each run of them written once: cells of a study are evaluated at the same ones.
class Steps {
 public:
  // Where these begin. `steps` must outlive this.
  std::int64_t begin(const std::vector<double>& steps) {
    const std::string_view bytes(reinterpret_cast<const char*>(steps.data()),
                                 steps.size() * sizeof(double));
    const auto [it, fresh] = known_.emplace(bytes, static_cast<std::int64_t>(all.size()));
    if (fresh) all.insert(all.end(), steps.begin(), steps.end());
    return it->second;
  }
  std::vector<double> all;

 private:
  std::map<std::string_view, std::int64_t> known_;
};

// Metric and curve names, each written once.
class Names {
 public:
  std::int32_t index(const std::string& name) {
    const auto [it, fresh] = known_.emplace(name, static_cast<std::int32_t>(known_.size()));
    if (fresh) texts.add(name);
    return it->second;
  }
  Texts texts;

 private:
  std::map<std::string, std::int32_t> known_;
};

class MetricColumns {
 public:
  void add(std::size_t cell, const Measured& metric, Names& names) {
    cells_.push_back(static_cast<std::int32_t>(cell));
    names_.push_back(names.index(metric.name));
    values_.push_back(metric.value);
  }
  void write(MemoryFile& file) const {
    put(file, "metric_cell", cells_);
    put(file, "metric_name", names_);
    put(file, "metric_value", values_);
  }

 private:
  std::vector<std::int32_t> cells_, names_;
  std::vector<double> values_;
};

// Steps are written once for all curves that have the same: cells of a study are evaluated at the
// same places. Curves that are added must outlive this.
class CurveColumns {
 public:
  void add(std::size_t cell, const Curve& curve, Names& names) {
    cells_.push_back(static_cast<std::int32_t>(cell));
    names_.push_back(names.index(curve.name));
    first_steps_.push_back(place_of(curve.step));
    values_.insert(values_.end(), curve.value.begin(), curve.value.end());
    offsets_.push_back(static_cast<std::int64_t>(values_.size()));
  }
  void write(MemoryFile& file) const {
    put(file, "curve_cell", cells_);
    put(file, "curve_name", names_);
    put(file, "curve_offset", offsets_);
    put(file, "curve_first_step", first_steps_);
    put(file, "curve_step", steps_);
    put(file, "curve_value", values_);
  }

 private:
  std::int64_t place_of(const std::vector<double>& steps) {
    const std::string_view bytes(reinterpret_cast<const char*>(steps.data()),
                                 steps.size() * sizeof(double));
    const auto [it, fresh] = known_.emplace(bytes, static_cast<std::int64_t>(steps_.size()));
    if (fresh) steps_.insert(steps_.end(), steps.begin(), steps.end());
    return it->second;
  }

  std::vector<std::int32_t> cells_, names_;
  std::vector<std::int64_t> offsets_{0}, first_steps_;
  std::vector<double> steps_, values_;
  std::map<std::string_view, std::int64_t> known_;
};

}  // namespace

std::vector<std::byte> encode(const Segment& segment) {
  std::vector<std::int64_t> keys, replicates, origins;
  std::vector<std::uint8_t> status;
  std::vector<double> seconds, finished, timing_seconds, timing_bytes;
  Texts config, stage, message, timing_stage, timing_component;
  Names names;
  MetricColumns metrics;
  CurveColumns curves;
  for (std::size_t i = 0; i < segment.cells.size(); ++i) {
    const CellRecord& cell = segment.cells[i];
    keys.push_back(static_cast<std::int64_t>(cell.key.high));
    keys.push_back(static_cast<std::int64_t>(cell.key.low));
    replicates.push_back(static_cast<std::int64_t>(cell.replicate));
    origins.push_back(static_cast<std::int64_t>(cell.origin.high));
    origins.push_back(static_cast<std::int64_t>(cell.origin.low));
    status.push_back(static_cast<std::uint8_t>(cell.status));
    seconds.push_back(cell.seconds);
    finished.push_back(cell.finished);
    config.add(cell.config);
    stage.add(cell.failed_stage);
    message.add(cell.message);
    for (const Measured& metric : cell.metrics) metrics.add(i, metric, names);
    for (const Curve& curve : cell.curves) curves.add(i, curve, names);
  }
  for (const StageTiming& timing : segment.timings) {
    timing_stage.add(timing.stage);
    timing_component.add(timing.component);
    timing_seconds.push_back(timing.seconds);
    timing_bytes.push_back(timing.bytes);
  }
  const std::scoped_lock lock(hdf5_mutex());
  MemoryFile file;
  put(file, "keys", keys);
  put(file, "replicate", replicates);
  const bool known = std::any_of(segment.cells.begin(), segment.cells.end(),
                                 [](const CellRecord& cell) { return cell.origin != Key{}; });
  if (known) put(file, "origin", origins);
  put(file, "status", status);
  put(file, "seconds", seconds);
  put(file, "finished", finished);
  put(file, "config", config);
  put(file, "failed_stage", stage);
  put(file, "message", message);
  put(file, "names", names.texts);
  metrics.write(file);
  curves.write(file);
  put(file, "timing_stage", timing_stage);
  put(file, "timing_component", timing_component);
  put(file, "timing_seconds", timing_seconds);
  put(file, "timing_bytes", timing_bytes);
  return file.image();
}

Segment decode(std::span<const std::byte> image) {
  const std::scoped_lock lock(hdf5_mutex());
  const MemoryFile file(image);
  Segment out;
  read_cells(file, out.cells);
  const Texts names = get_texts(file, "names");
  read_metrics(file, names, out.cells);
  read_curves(file, names, out.cells);
  out.timings = decode_timings(image);
  return out;
}

std::vector<Store::CellState> decode_states(std::span<const std::byte> image) {
  const std::scoped_lock lock(hdf5_mutex());
  return states_in(MemoryFile(image));
}

std::vector<StageTiming> decode_timings(std::span<const std::byte> image) {
  const std::scoped_lock lock(hdf5_mutex());
  const MemoryFile file(image);
  const auto seconds = get<double>(file, "timing_seconds");
  const std::size_t n = seconds.size();
  const Texts stage = get_texts(file, "timing_stage", n);
  const Texts component = get_texts(file, "timing_component", n);
  // The first segments were written without it.
  const auto bytes =
      file.has("timing_bytes") ? get<double>(file, "timing_bytes", n) : std::vector<double>(n);
  std::vector<StageTiming> out;
  for (std::size_t i = 0; i < n; ++i)
    out.push_back({stage.at(i), component.at(i), seconds[i], bytes[i]});
  return out;
}

}  // namespace assay::store
