#include "runner/store/segment.h"

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
  std::string at(std::size_t i) const {
    const auto from = static_cast<std::size_t>(offsets.at(i));
    return blob.substr(from, static_cast<std::size_t>(offsets.at(i + 1)) - from);
  }
};

void put(MemoryFile& file, const std::string& name, const Texts& texts) {
  file.write_text(name, texts.blob);
  put(file, (name + "_offsets").c_str(), texts.offsets);
}

Texts get_texts(const MemoryFile& file, const std::string& name) {
  return {file.read_text(name), get<std::int64_t>(file, (name + "_offsets").c_str())};
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
  std::vector<std::int64_t> keys, replicates;
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
  const auto keys = get<std::int64_t>(file, "keys");
  const auto replicates = get<std::int64_t>(file, "replicate");
  const auto status = get<std::uint8_t>(file, "status");
  const auto seconds = get<double>(file, "seconds"), finished = get<double>(file, "finished");
  const Texts config = get_texts(file, "config"), stage = get_texts(file, "failed_stage");
  const Texts message = get_texts(file, "message"), names = get_texts(file, "names");
  for (std::size_t i = 0; i < status.size(); ++i) {
    CellRecord& cell = out.cells.emplace_back();
    cell.key = {static_cast<std::uint64_t>(keys.at(2 * i)),
                static_cast<std::uint64_t>(keys.at(2 * i + 1))};
    cell.status = static_cast<Status>(status[i]);
    cell.replicate = static_cast<std::uint64_t>(replicates.at(i));
    cell.seconds = seconds.at(i);
    cell.finished = finished.at(i);
    cell.config = config.at(i);
    cell.failed_stage = stage.at(i);
    cell.message = message.at(i);
  }
  const auto metric_cells = get<std::int32_t>(file, "metric_cell");
  const auto metric_names = get<std::int32_t>(file, "metric_name");
  const auto metric_values = get<double>(file, "metric_value");
  for (std::size_t i = 0; i < metric_cells.size(); ++i)
    out.cells.at(static_cast<std::size_t>(metric_cells[i]))
        .metrics.push_back(
            {names.at(static_cast<std::size_t>(metric_names.at(i))), metric_values.at(i)});
  const auto curve_cells = get<std::int32_t>(file, "curve_cell");
  const auto curve_names = get<std::int32_t>(file, "curve_name");
  const auto offsets = get<std::int64_t>(file, "curve_offset");
  const auto steps = get<double>(file, "curve_step"), values = get<double>(file, "curve_value");
  for (std::size_t i = 0; i < curve_cells.size(); ++i) {
    const auto from = offsets.at(i), to = offsets.at(i + 1);
    out.cells.at(static_cast<std::size_t>(curve_cells[i]))
        .curves.push_back({names.at(static_cast<std::size_t>(curve_names.at(i))),
                           {steps.begin() + from, steps.begin() + to},
                           {values.begin() + from, values.begin() + to}});
  }
  out.timings = decode_timings(image);
  return out;
}

std::vector<Store::CellState> decode_states(std::span<const std::byte> image) {
  const std::scoped_lock lock(hdf5_mutex());
  const MemoryFile file(image);
  const auto keys = get<std::int64_t>(file, "keys");
  const auto status = get<std::uint8_t>(file, "status");
  std::vector<Store::CellState> out;
  out.reserve(status.size());
  for (std::size_t i = 0; i < status.size(); ++i)
    out.push_back({{static_cast<std::uint64_t>(keys.at(2 * i)),
                    static_cast<std::uint64_t>(keys.at(2 * i + 1))},
                   static_cast<Status>(status[i])});
  return out;
}

std::vector<StageTiming> decode_timings(std::span<const std::byte> image) {
  const std::scoped_lock lock(hdf5_mutex());
  const MemoryFile file(image);
  const Texts stage = get_texts(file, "timing_stage"),
              component = get_texts(file, "timing_component");
  const auto seconds = get<double>(file, "timing_seconds");
  // The first segments were written without it.
  const auto bytes = file.has("timing_bytes") ? get<double>(file, "timing_bytes")
                                              : std::vector<double>(seconds.size());
  std::vector<StageTiming> out;
  for (std::size_t i = 0; i < seconds.size(); ++i)
    out.push_back({stage.at(i), component.at(i), seconds[i], bytes.at(i)});
  return out;
}

}  // namespace assay::store
