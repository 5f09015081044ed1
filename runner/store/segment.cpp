#include "runner/store/segment.h"

#include <algorithm>
#include <map>

namespace assay::store {

namespace {

template <class T>
void put(MemoryFile& file, const char* name, const std::vector<T>& values) {
  file.write(name,
             Array::of<T>(std::span<const T>(values), {static_cast<std::int64_t>(values.size())}));
}

template <class T>
std::vector<T> get(const MemoryFile& file, const char* name) {
  const Array array = file.read(name);
  const auto values = array.as<T>();
  return {values.begin(), values.end()};
}

// Texts as one blob; offsets[i] … offsets[i + 1] is text i.
struct Texts {
  std::string blob;
  std::vector<std::int64_t> offsets{0};
  void add(const std::string& text) {
    blob += text;
    offsets.push_back(static_cast<std::int64_t>(blob.size()));
  }
  std::string at(std::size_t i) const { return blob.substr(begin(i), begin(i + 1) - begin(i)); }

 private:
  std::size_t begin(std::size_t i) const { return static_cast<std::size_t>(offsets[i]); }
};

void require(bool fits, const std::string& name) {
  if (!fits) throw StoreError("the columns of the segment do not fit together at " + name);
}

// Offsets of `count` parts of something that is `size` long: from 0, in order, up to its end.
void require_offsets(const std::vector<std::int64_t>& offsets, std::size_t count, std::size_t size,
                     const std::string& name) {
  require(offsets.size() == count + 1 && offsets.front() == 0 &&
              offsets.back() == static_cast<std::int64_t>(size) &&
              std::is_sorted(offsets.begin(), offsets.end()),
          name);
}

// Each an index of one of `count` things.
void require_indices(const std::vector<std::int32_t>& indices, std::size_t count,
                     const std::string& name) {
  for (const std::int32_t i : indices) require(i >= 0 && static_cast<std::size_t>(i) < count, name);
}

void put(MemoryFile& file, const std::string& name, const Texts& texts) {
  file.write_text(name, texts.blob);
  put(file, (name + "_offsets").c_str(), texts.offsets);
}

template <class T>
std::vector<T> get(const MemoryFile& file, const char* name, std::size_t count) {
  auto out = get<T>(file, name);
  require(out.size() == count, name);
  return out;
}

// Any number of texts.
Texts get_texts(const MemoryFile& file, const std::string& name) {
  Texts out;
  out.blob = file.read_text(name);
  out.offsets = get<std::int64_t>(file, (name + "_offsets").c_str());
  require(!out.offsets.empty(), name);
  require_offsets(out.offsets, out.offsets.size() - 1, out.blob.size(), name);
  return out;
}

Texts get_texts(const MemoryFile& file, const std::string& name, std::size_t count) {
  Texts out = get_texts(file, name);
  require(out.offsets.size() == count + 1, name);
  return out;
}

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

void read_curves(const MemoryFile& file, const Texts& names, std::vector<CellRecord>& cells) {
  const auto cell = get<std::int32_t>(file, "curve_cell");
  const auto name = get<std::int32_t>(file, "curve_name", cell.size());
  const auto steps = get<double>(file, "curve_step");
  const auto values = get<double>(file, "curve_value", steps.size());
  const auto offsets = get<std::int64_t>(file, "curve_offset");
  require_indices(cell, cells.size(), "curve_cell");
  require_indices(name, names.offsets.size() - 1, "curve_name");
  require_offsets(offsets, cell.size(), steps.size(), "curve_offset");
  for (std::size_t i = 0; i < cell.size(); ++i)
    cells[static_cast<std::size_t>(cell[i])].curves.push_back(
        {names.at(static_cast<std::size_t>(name[i])),
         {steps.begin() + offsets[i], steps.begin() + offsets[i + 1]},
         {values.begin() + offsets[i], values.begin() + offsets[i + 1]}});
}

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

}  // namespace

std::vector<std::byte> encode(const Segment& segment) {
  std::vector<std::int64_t> keys, replicates, origins;
  std::vector<std::uint8_t> status;
  std::vector<double> seconds, finished, metric_values, curve_steps, curve_values, timing_seconds,
      timing_bytes;
  std::vector<std::int32_t> metric_cells, metric_names, curve_cells, curve_names;
  std::vector<std::int64_t> curve_offsets{0};
  Texts config, stage, message, timing_stage, timing_component;
  Names names;
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
    for (const Measured& m : cell.metrics) {
      metric_cells.push_back(static_cast<std::int32_t>(i));
      metric_names.push_back(names.index(m.name));
      metric_values.push_back(m.value);
    }
    for (const Curve& c : cell.curves) {
      curve_cells.push_back(static_cast<std::int32_t>(i));
      curve_names.push_back(names.index(c.name));
      curve_steps.insert(curve_steps.end(), c.step.begin(), c.step.end());
      curve_values.insert(curve_values.end(), c.value.begin(), c.value.end());
      curve_offsets.push_back(static_cast<std::int64_t>(curve_steps.size()));
    }
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
  put(file, "metric_cell", metric_cells);
  put(file, "metric_name", metric_names);
  put(file, "metric_value", metric_values);
  put(file, "curve_cell", curve_cells);
  put(file, "curve_name", curve_names);
  put(file, "curve_offset", curve_offsets);
  put(file, "curve_step", curve_steps);
  put(file, "curve_value", curve_values);
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
