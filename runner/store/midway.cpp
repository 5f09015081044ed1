#include "runner/store/midway.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>

#include "runner/store/files.h"
#include "runner/store/hdf5.h"

namespace assay::store {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

// Newest first: their names hold the time, as wide as the next centuries need.
std::vector<fs::path> states_of(const fs::path& folder, const Key& key) {
  std::vector<fs::path> out;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder / "midway", none)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind(key.hex() + "-", 0) == 0 && name.ends_with(".h5")) out.push_back(entry.path());
  }
  std::sort(out.rbegin(), out.rend());
  return out;
}

class Files final : public Midway {
 public:
  Files(fs::path folder, const Key& key, double interval)
      : folder_(std::move(folder)),
        key_(key),
        interval_(interval) {}
  ~Files() override {
    if (count_ == 0) return;
    const double all = seconds_since(start_);
    spdlog::info("left {} states of {} in {:.3f} s, {:.2f}% of {:.1f} s", count_, key_.hex(),
                 spent_, 100 * spent_ / all, all);
  }

  std::optional<Archive> latest() const override {
    for (const fs::path& file : states_of(folder_, key_)) {
      bool vanished = false;
      const auto image = read_sealed(file, vanished);
      if (!image) continue;
      try {
        const std::scoped_lock lock(hdf5_mutex());
        Archive state = read_archive(MemoryFile(*image));
        spdlog::info("going on from {}", file.string());
        return state;
      } catch (const std::runtime_error& error) {
        set_aside_with_warning(file, error.what());
      }
    }
    return std::nullopt;
  }
  double age() const override { return seconds_since(last_); }
  double interval() const override {
    return std::clamp(cost_ / kShare, interval_, kMostDelay * interval_);
  }
  void save(const Archive& state) override {
    const auto start = Clock::now();
    try {
      make_folder(folder_ / "midway");
      commit_file(next_name(), image_of(state), false);
    } catch (const fs::filesystem_error& error) {
      spdlog::warn("the state of a long stage is not kept: {}", error.what());
    } catch (const StoreError& error) {
      spdlog::warn("the state of a long stage is not kept: {}", error.what());
    }
    drop_older();
    last_ = Clock::now();
    cost_ = std::chrono::duration<double>(last_ - start).count();
    spent_ += cost_, ++count_;
  }

 private:
  // Share of the time that may go into saving, for which a slow disk makes a state wait, but not
  // longer than this many intervals.
  static constexpr double kShare = 0.01, kMostDelay = 10.0;

  static double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  // Two are kept, whichever run left them: one that is killed again and again must not fill the
  // disk. Newer ones than the last are those of a machine whose clock is ahead.
  void drop_older() const {
    int kept = 0;
    for (const fs::path& file : states_of(folder_, key_))
      if (file <= last_state_ && ++kept > 2) unlink(file.c_str());
  }
  fs::path next_name() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto count = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    const std::string name =
        key_.hex() + "-" + std::to_string(count) + "-" + std::to_string(getpid()) + ".h5";
    return last_state_ = folder_ / "midway" / name;
  }
  static std::vector<std::byte> image_of(const Archive& state) {
    const std::scoped_lock lock(hdf5_mutex());
    MemoryFile file;
    write_archive(file, state);
    return sealed(file.image());
  }

  fs::path folder_;
  Key key_;
  double interval_;
  double cost_ = 0.0;   // seconds that the last state took
  double spent_ = 0.0;  // all of them
  int count_ = 0;
  Clock::time_point start_ = Clock::now(), last_ = start_;
  fs::path last_state_;
};

}  // namespace

std::unique_ptr<Midway> make_midway(const fs::path& folder, const Key& key, double interval) {
  return std::make_unique<Files>(folder, key, interval);
}

void drop_midway(const fs::path& folder, const Key& key) {
  std::error_code ignored;
  // Also what a run left half-written when it was killed.
  for (const auto& entry : fs::directory_iterator(folder / "midway", ignored)) {
    const fs::path& file = entry.path();
    if (file.extension() != ".bad" && file.filename().string().find(key.hex()) != std::string::npos)
      unlink(file.c_str());
  }
  fs::remove(folder / "midway", ignored);  // which fails where other stages have theirs there
}

}  // namespace assay::store
