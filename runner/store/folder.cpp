// The segments of a folder: listing, reading, packing, while other processes do the same.
#include <spdlog/spdlog.h>

#include <chrono>
#include <set>
#include <unordered_map>

#include "runner/store/files.h"
#include "runner/store/leftovers.h"
#include "runner/store/segment.h"

namespace assay::store {

namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t kSmall = 1 << 20;        // bytes; a larger segment is not packed
constexpr std::uintmax_t kOnePack = 64 * kSmall;  // bytes read for one packed segment, at most

std::vector<fs::path> segment_files(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code code;
  const fs::path segments = folder / "segments";
  fs::directory_iterator entry(segments, code);
  for (; !code && entry != fs::directory_iterator(); entry.increment(code)) {
    std::error_code gone;
    const std::string name = entry->path().filename().string();
    if (entry->path().extension() == ".h5" && name[0] != '.' && !entry->is_directory(gone))
      out.push_back(entry->path());
  }
  if (code && code != std::errc::no_such_file_or_directory)
    throw StoreError("cannot read " + segments.string() + ": " + code.message());
  std::sort(out.begin(), out.end());
  return out;
}

// Reads every segment. Another process may pack meanwhile: the cells of a file that vanished lie in
// a newer one, and a listing made during a rename may show neither. So the folder is listed again
// until a listing shows nothing that was not read.
template <class Use>
void each_segment(const fs::path& folder, const Use& use) {
  constexpr int kAttempts = 1000;
  std::set<fs::path> seen;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    bool again = false;
    for (const fs::path& file : segment_files(folder)) {
      if (seen.contains(file)) continue;
      again = true;
      bool vanished = false;
      const auto image = read_sealed(file, vanished);
      if (vanished) continue;
      seen.insert(file);
      if (!image) continue;
      try {
        use(file, std::span<const std::byte>(*image));
      } catch (const std::exception& error) {
        spdlog::warn("{} cannot be read ({}); left as it is", file.string(), error.what());
      }
    }
    if (!again) return;
  }
  throw StoreError("cannot read " + (folder / "segments").string() + ": it never stops changing");
}

bool wins(const CellRecord& a, const CellRecord& b) {
  if (a.status != b.status) return a.status == Status::kDone;
  return a.finished > b.finished;
}

// Cells by key, each once.
class Merged {
 public:
  void add(std::vector<CellRecord> part) {
    for (CellRecord& cell : part) {
      const auto [it, fresh] = place_.emplace(cell.key, cells.size());
      if (fresh)
        cells.push_back(std::move(cell));
      else if (wins(cell, cells[it->second]))
        cells[it->second] = std::move(cell);
    }
  }
  std::vector<CellRecord> cells;

 private:
  std::unordered_map<Key, std::size_t> place_;
};

std::vector<fs::path> small_segments(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const fs::path& file : segment_files(folder)) {
    std::error_code gone;
    const auto size = fs::file_size(file, gone);
    if (!gone && size < kSmall) out.push_back(file);
  }
  return out;
}

// Packs from `next` on until enough is read for one segment.
void pack_some(const fs::path& folder, const std::vector<fs::path>& files, std::size_t& next) {
  Merged merged;
  Segment all;
  std::vector<fs::path> packed;
  for (std::uintmax_t bytes = 0; next < files.size() && bytes < kOnePack; ++next) {
    bool vanished = false;
    const auto image = read_sealed(files[next], vanished);
    if (!image) continue;
    try {
      Segment part = decode(*image);
      merged.add(std::move(part.cells));
      all.timings.insert(all.timings.end(), part.timings.begin(), part.timings.end());
    } catch (const std::exception& error) {
      spdlog::warn("{} cannot be read ({}); left as it is", files[next].string(), error.what());
      continue;
    }
    bytes += image->size();
    packed.push_back(files[next]);
  }
  if (packed.size() < 2) return;
  all.cells = std::move(merged.cells);
  // Only once the packed one is durable do the old ones go; a crash in between leaves duplicates.
  commit_segment(folder, "pack-", encode(all));
  for (const fs::path& file : packed) {
    std::error_code ignored;
    fs::remove(file, ignored);
  }
}

}  // namespace

void commit_segment(const fs::path& folder, const char* prefix, std::vector<std::byte> image) {
  static std::atomic<int> counter{0};
  const auto bytes = sealed(std::move(image));
  fs::path file;
  do {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    file = folder / "segments" /
           (prefix + std::to_string(nanos) + "-" + process_tag() + "-" +
            std::to_string(counter.fetch_add(1)) + ".h5");
  } while (!commit_file(file, bytes, false));  // another machine may have taken the name
}

void pack_segments(const fs::path& folder, std::size_t at_least) {
  const std::vector<fs::path> files = small_segments(folder);
  if (files.size() < at_least) return;
  for (std::size_t next = 0; next < files.size();) pack_some(folder, files, next);
}

std::vector<CellRecord> Store::read_cells(const fs::path& folder) {
  Merged merged;
  each_segment(folder, [&](const fs::path&, std::span<const std::byte> image) {
    merged.add(decode(image).cells);
  });
  return std::move(merged.cells);
}

std::vector<Store::CellState> Store::read_states(const fs::path& folder) {
  std::vector<CellState> out;
  std::unordered_map<Key, std::size_t> place;
  each_segment(folder, [&](const fs::path&, std::span<const std::byte> image) {
    for (const CellState& state : decode_states(image)) {
      const auto [it, fresh] = place.emplace(state.key, out.size());
      if (fresh)
        out.push_back(state);
      else if (state.status == Status::kDone)
        out[it->second].status = Status::kDone;
    }
  });
  return out;
}

Watch::Watch(fs::path folder) : folder_(std::move(folder)) {
  for (const fs::path& file : segment_files(folder_)) seen_.insert(file);
}

std::vector<Store::CellState> Watch::news() {
  std::vector<Store::CellState> out;
  for (const fs::path& file : segment_files(folder_)) {
    if (!seen_.insert(file).second) continue;
    const std::string name = file.filename().string();
    const bool own = name.find("-" + process_tag() + "-") != std::string::npos;
    // An own pack may hold cells of others that were not looked at before.
    if (own && !name.starts_with("pack-")) continue;
    bool vanished = false;
    const auto image = read_sealed(file, vanished);
    if (!image) continue;
    try {
      for (const auto& state : decode_states(*image)) out.push_back(state);
    } catch (const std::exception& error) {
      spdlog::warn("{} cannot be read ({}); left as it is", file.string(), error.what());
    }
  }
  return out;
}

std::unordered_map<Key, fs::path> Store::read_places(const fs::path& folder) {
  std::unordered_map<Key, fs::path> out;
  each_segment(folder, [&](const fs::path& file, std::span<const std::byte> image) {
    for (const CellState& state : decode_states(image))
      if (state.status == Status::kDone || !out.contains(state.key))
        out[state.key] = file.lexically_relative(folder);
  });
  return out;
}

std::vector<StageTiming> Store::read_timings(const fs::path& folder) {
  std::vector<StageTiming> out;
  each_segment(folder, [&](const fs::path&, std::span<const std::byte> image) {
    const auto part = decode_timings(image);
    out.insert(out.end(), part.begin(), part.end());
  });
  return out;
}

}  // namespace assay::store
