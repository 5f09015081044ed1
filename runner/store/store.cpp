#include "runner/store/store.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <condition_variable>
#include <thread>

#include "runner/store/files.h"
#include "runner/store/leftovers.h"
#include "runner/store/segment.h"

namespace assay::store {

namespace fs = std::filesystem;

struct Store::Impl {
  // After a failed commit the next attempt waits at least this long, however much is waiting.
  static constexpr double kRetrySeconds = 1.0;

  fs::path folder;
  Options options;
  Key origin;
  mutable std::mutex mutex;
  std::condition_variable wake, saved;
  Segment waiting;
  bool over = false, hurry = false;
  bool told = false;                           // the caller knows of the trouble
  std::uint64_t handed_over = 0, durable = 0;  // cells and timings, counted in their order
  std::uint64_t failures = 0;
  std::size_t unsaved = 0;  // cells, at the last failure
  std::string trouble;      // of the last attempt; empty where it went well
  std::thread encoder;
  std::mutex packing;
  std::size_t unpacked = 0;  // own segments since the last packing

  void loop() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [&] { return over || handed_over > durable; });
      if (handed_over == durable) return;
      // Short cells are committed together: the first one waits for company, but not for long.
      const bool again = !trouble.empty();
      const double patience =
          again ? std::max(kRetrySeconds, options.commit_seconds) : options.commit_seconds;
      wake.wait_for(lock, std::chrono::duration<double>(patience), [&] {
        return over || hurry || (!again && waiting.cells.size() >= options.commit_cells);
      });
      hurry = false;
      save_waiting(lock);
      if (over && !trouble.empty()) {
        if (!told) spdlog::error("{} cells are lost: {}", waiting.cells.size(), trouble);
        return;
      }
      pack_when_many(lock);
    }
  }

  // Unlocked while it encodes and writes.
  void save_waiting(std::unique_lock<std::mutex>& lock) {
    Segment batch = std::exchange(waiting, {});
    lock.unlock();
    std::string why;
    try {
      commit_segment(folder, "", encode(batch));
    } catch (const std::exception& error) {
      why = error.what();
    }
    lock.lock();
    if (why.empty()) {
      if (!trouble.empty()) spdlog::warn("{} cells are saved after all", batch.cells.size());
      durable += batch.cells.size() + batch.timings.size();
      ++unpacked;
    } else {
      if (trouble.empty())
        spdlog::error("{} cells are not saved yet: {} (until then they are kept in memory)",
                      batch.cells.size(), why);
      ++failures;
      // Kept for the next attempt: results in memory are not lost while the process lives.
      batch.cells.insert(batch.cells.end(), waiting.cells.begin(), waiting.cells.end());
      batch.timings.insert(batch.timings.end(), waiting.timings.begin(), waiting.timings.end());
      waiting = std::move(batch);
      unsaved = waiting.cells.size();
    }
    trouble = why;
    saved.notify_all();
  }

  void pack_when_many(std::unique_lock<std::mutex>& lock) {
    if (unpacked < options.pack_segments) return;
    lock.unlock();
    try {
      pack();
    } catch (const std::exception& error) {
      spdlog::warn("segments are not packed: {}", error.what());
    }
    lock.lock();
  }

  void pack() {
    const std::scoped_lock one_at_a_time(packing);
    {
      const std::scoped_lock lock(mutex);
      unpacked = 0;
    }
    pack_segments(folder, options.pack_segments);
  }
};

Store::Store(fs::path folder, Options options) : impl_(std::make_unique<Impl>()) {
  impl_->folder = std::move(folder);
  impl_->options = options;
  for (const char* part : {"segments", "artifacts"}) make_folder(impl_->folder / part);
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

void Store::keep_origin(const std::string& text) {
  const Key key = hash(text);
  const fs::path origins = folder() / "origins";
  make_folder(origins);
  commit_file(origins / (key.hex() + ".toml"), std::as_bytes(std::span(text)), false);
  const std::scoped_lock lock(impl_->mutex);
  impl_->origin = key;
}

void Store::add(CellRecord record) {
  const std::scoped_lock lock(impl_->mutex);
  if (record.origin == Key{}) record.origin = impl_->origin;
  impl_->waiting.cells.push_back(std::move(record));
  ++impl_->handed_over;
  const std::size_t n = impl_->waiting.cells.size();
  if (n == 1 || n >= impl_->options.commit_cells) impl_->wake.notify_one();
}

void Store::add(StageTiming timing) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->waiting.timings.push_back(std::move(timing));
  ++impl_->handed_over;
  if (impl_->waiting.timings.size() == 1) impl_->wake.notify_one();
}

void Store::commit() {
  std::unique_lock lock(impl_->mutex);
  const std::uint64_t target = impl_->handed_over, failures = impl_->failures;
  const auto done = [&] { return impl_->durable >= target; };
  // What is being written while this is called may be but a part: the encoder is hurried until all
  // of it is durable.
  while (!done() && impl_->failures == failures) {
    impl_->hurry = true;
    impl_->wake.notify_one();
    impl_->saved.wait(lock);
  }
  impl_->told = !done();
  if (impl_->told)
    throw StoreError(std::to_string(impl_->unsaved) +
                     " cells could not be saved: " + impl_->trouble);
}

std::string Store::trouble() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->trouble;
}

std::size_t Store::unsaved() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->trouble.empty() ? 0 : impl_->waiting.cells.size();
}

void Store::must_be_writable() const {
  // More than an empty file, which even a full disk takes.
  const std::vector<std::byte> some(4096);
  const fs::path file = folder() / "segments" / (".tmp-" + process_tag() + "-probe");
  commit_file(file, some, true);
  std::error_code ignored;
  fs::remove(file, ignored);
}

void Store::pack() {
  impl_->pack();
}

}  // namespace assay::store
