#include "runner/store/store.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <thread>
#include <unordered_map>

#include "runner/store/segment.h"

namespace assay::store {

namespace fs = std::filesystem;

namespace {

std::string unique_name(const char* prefix) {
  static std::atomic<int> counter{0};
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return prefix +
         std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()) + "-" +
         std::to_string(getpid()) + "-" + std::to_string(counter.fetch_add(1)) + ".h5";
}

std::vector<fs::path> segment_files(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder / "segments", code)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() == ".h5" && name[0] != '.') out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

// Reads every segment. Another process may pack meanwhile: a file that vanished means that its
// cells lie in a newer one, so the folder is listed again.
template <class Use>
void each_segment(const fs::path& folder, const Use& use) {
  std::unordered_map<std::string, bool> seen;
  for (int attempt = 0; attempt < 20; ++attempt) {
    bool again = false;
    for (const fs::path& file : segment_files(folder)) {
      if (seen.count(file.string())) continue;
      bool vanished = false;
      const auto image = read_sealed(file, vanished);
      again = again || vanished;
      if (vanished) continue;
      seen[file.string()] = true;
      if (!image) continue;
      try {
        use(std::span<const std::byte>(*image));
      } catch (const std::exception& error) {
        spdlog::warn("{} cannot be read ({}); left as it is", file.string(), error.what());
      }
    }
    if (!again) return;
  }
}

bool wins(const CellRecord& a, const CellRecord& b) {
  if (a.status != b.status) return a.status == Status::kDone;
  return a.finished > b.finished;
}

}  // namespace

struct Store::Impl {
  fs::path folder;
  Options options;
  mutable std::mutex mutex;
  std::condition_variable wake, saved;
  Segment waiting;
  bool writing = false, over = false, hurry = false;
  std::string trouble;
  std::thread encoder;

  void loop() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [&] {
        return over || hurry || !waiting.cells.empty() || !waiting.timings.empty();
      });
      // Short cells are committed together: the first one waits for company, but not for long.
      wake.wait_for(lock, std::chrono::duration<double>(options.commit_seconds),
                    [&] { return over || hurry || waiting.cells.size() >= options.commit_cells; });
      Segment batch = std::exchange(waiting, {});
      hurry = false;
      if (batch.cells.empty() && batch.timings.empty()) {
        saved.notify_all();
        if (over) return;
        continue;
      }
      writing = true;
      lock.unlock();
      std::string why;
      try {
        const auto bytes = sealed(encode(batch));
        commit_file(folder / "segments" / unique_name(""), bytes, false);
      } catch (const std::exception& error) {
        why = error.what();
      }
      lock.lock();
      writing = false;
      if (!why.empty()) {
        if (trouble.empty()) spdlog::error("{} cells are not saved: {}", batch.cells.size(), why);
        trouble = why;
        // Kept for the next attempt: results in memory are not lost while the process lives.
        batch.cells.insert(batch.cells.end(), waiting.cells.begin(), waiting.cells.end());
        batch.timings.insert(batch.timings.end(), waiting.timings.begin(), waiting.timings.end());
        waiting = std::move(batch);
      } else {
        trouble.clear();
      }
      saved.notify_all();
      if (over && (waiting.cells.empty() || !trouble.empty())) return;
    }
  }
};

Store::Store(fs::path folder, Options options) : impl_(std::make_unique<Impl>()) {
  impl_->folder = std::move(folder);
  impl_->options = options;
  for (const char* part : {"segments", "artifacts"}) {
    std::error_code code;
    fs::create_directories(impl_->folder / part, code);
    if (code)
      throw StoreError("cannot make " + (impl_->folder / part).string() + ": " + code.message());
  }
  impl_->encoder = std::thread([this] { impl_->loop(); });
}

Store::~Store() {
  {
    const std::scoped_lock lock(impl_->mutex);
    impl_->over = true;
  }
  impl_->wake.notify_all();
  impl_->encoder.join();
}

const fs::path& Store::folder() const {
  return impl_->folder;
}

void Store::add(CellRecord record) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->waiting.cells.push_back(std::move(record));
  const std::size_t n = impl_->waiting.cells.size();
  if (n == 1 || n >= impl_->options.commit_cells) impl_->wake.notify_one();
}

void Store::add(StageTiming timing) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->waiting.timings.push_back(std::move(timing));
  if (impl_->waiting.timings.size() == 1) impl_->wake.notify_one();
}

void Store::commit() {
  std::unique_lock lock(impl_->mutex);
  const auto empty = [&] {
    return !impl_->writing && impl_->waiting.cells.empty() && impl_->waiting.timings.empty();
  };
  if (empty()) return;
  impl_->trouble.clear();
  impl_->hurry = true;
  impl_->wake.notify_one();
  impl_->saved.wait(lock, [&] { return empty() || (!impl_->writing && !impl_->trouble.empty()); });
  if (!empty())
    throw StoreError(std::to_string(impl_->waiting.cells.size()) +
                     " cells could not be saved: " + impl_->trouble);
}

std::string Store::trouble() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->trouble;
}

void Store::pack() {
  constexpr std::size_t kLarge = 8 << 20;  // bytes; a larger segment is left alone
  std::vector<fs::path> small;
  for (const fs::path& file : segment_files(folder())) {
    std::error_code code;
    const auto size = fs::file_size(file, code);
    if (!code && size < kLarge) small.push_back(file);
  }
  if (small.size() < impl_->options.pack_segments) return;
  Segment all;
  std::unordered_map<Key, std::size_t> place;
  std::vector<fs::path> packed;
  for (const fs::path& file : small) {
    bool vanished = false;
    const auto image = read_sealed(file, vanished);
    if (!image) continue;
    Segment part = decode(*image);
    for (CellRecord& cell : part.cells) {
      const auto [it, fresh] = place.emplace(cell.key, all.cells.size());
      if (fresh)
        all.cells.push_back(std::move(cell));
      else if (wins(cell, all.cells[it->second]))
        all.cells[it->second] = std::move(cell);
    }
    all.timings.insert(all.timings.end(), part.timings.begin(), part.timings.end());
    packed.push_back(file);
  }
  // Only once the packed one is durable do the old ones go; a crash in between leaves duplicates.
  commit_file(folder() / "segments" / unique_name("pack-"), sealed(encode(all)), false);
  for (const fs::path& file : packed) {
    std::error_code ignored;
    fs::remove(file, ignored);
  }
}

std::vector<CellRecord> Store::read_cells(const fs::path& folder) {
  std::vector<CellRecord> out;
  std::unordered_map<Key, std::size_t> place;
  each_segment(folder, [&](std::span<const std::byte> image) {
    Segment part = decode(image);
    for (CellRecord& cell : part.cells) {
      const auto [it, fresh] = place.emplace(cell.key, out.size());
      if (fresh)
        out.push_back(std::move(cell));
      else if (wins(cell, out[it->second]))
        out[it->second] = std::move(cell);
    }
  });
  return out;
}

std::vector<Store::CellState> Store::read_states(const fs::path& folder) {
  std::vector<CellState> out;
  std::unordered_map<Key, std::size_t> place;
  each_segment(folder, [&](std::span<const std::byte> image) {
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

std::vector<StageTiming> Store::read_timings(const fs::path& folder) {
  std::vector<StageTiming> out;
  each_segment(folder, [&](std::span<const std::byte> image) {
    const auto part = decode_timings(image);
    out.insert(out.end(), part.begin(), part.end());
  });
  return out;
}

namespace {

fs::path artifact_file(const fs::path& folder, const Key& key) {
  return folder / "artifacts" / (key.hex() + ".h5");
}

}  // namespace

bool Store::has_artifact(const Key& key) const {
  return fs::exists(artifact_file(folder(), key));
}

void Store::save_artifact(const Key& key, const StoredArtifact& artifact) {
  // What the stage measured travels as the one cell of a segment.
  CellRecord measured;
  measured.key = key;
  measured.metrics = artifact.metrics;
  measured.curves = artifact.curves;
  measured.seconds = artifact.seconds;
  const auto record = encode({{measured}, {}});
  std::vector<std::byte> image;
  {
    const std::scoped_lock lock(hdf5_mutex());
    MemoryFile file;
    file.write_text("assay/type", artifact.type);
    file.write("assay/measured",
               Array::of<std::uint8_t>(
                   {reinterpret_cast<const std::uint8_t*>(record.data()), record.size()},
                   {static_cast<std::int64_t>(record.size())}));
    for (const auto& [name, array] : artifact.archive.arrays()) file.write("data/" + name, array);
    for (const auto& [name, text] : artifact.archive.texts()) file.write_text("data/" + name, text);
    image = file.image();
  }
  commit_file(artifact_file(folder(), key), sealed(std::move(image)), false);
}

std::optional<StoredArtifact> Store::load_artifact(const Key& key) const {
  bool vanished = false;
  const auto image = read_sealed(artifact_file(folder(), key), vanished);
  if (!image) return std::nullopt;
  StoredArtifact out;
  const std::scoped_lock lock(hdf5_mutex());
  const MemoryFile file(*image);
  out.type = file.read_text("assay/type");
  const Array record = file.read("assay/measured");
  const Segment measured = decode(record.data);
  out.metrics = measured.cells.at(0).metrics;
  out.curves = measured.cells.at(0).curves;
  out.seconds = measured.cells.at(0).seconds;
  std::vector<std::string> arrays, texts;
  file.list(arrays, texts);
  for (const std::string& name : arrays)
    if (name.rfind("data/", 0) == 0) out.archive.put(name.substr(5), file.read(name));
  for (const std::string& name : texts)
    if (name.rfind("data/", 0) == 0) out.archive.put_text(name.substr(5), file.read_text(name));
  return out;
}

}  // namespace assay::store
