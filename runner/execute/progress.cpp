#include "runner/execute/progress.h"

#include <unistd.h>

#include <cstdio>

namespace assay::execute {

std::string duration_text(double seconds) {
  char text[64];
  if (seconds < 0.1)
    std::snprintf(text, sizeof text, "%.0f ms", seconds * 1e3);
  else if (seconds < 60)
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  else if (seconds < 3600)
    std::snprintf(text, sizeof text, "%d min %d s", static_cast<int>(seconds) / 60,
                  static_cast<int>(seconds) % 60);
  else
    std::snprintf(text, sizeof text, "%d h %d min", static_cast<int>(seconds) / 3600,
                  static_cast<int>(seconds) / 60 % 60);
  return text;
}

Progress::Progress(const Counters& counters, const store::Store& store, bool quiet)
    : counters_(counters),
      store_(store),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()) {
  if (!quiet_) thread_ = std::thread([this] { loop(); });
}

Progress::~Progress() {
  over_ = true;
  if (!thread_.joinable()) return;
  thread_.join();
  std::fprintf(stderr, terminal_ ? "\r\033[K%s\n" : "%s\n", line().c_str());
}

std::string Progress::line() const {
  const double elapsed =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const auto done = counters_.done.load(), failed = counters_.failed.load();
  const auto cells = counters_.cells.load(), stored = counters_.stored.load();
  const double rate = elapsed > 0 ? static_cast<double>(done + failed) / elapsed : 0.0;
  const std::uint64_t unsaved = store_.unsaved();
  std::string out = std::to_string(done + stored - std::min(done, unsaved)) + "/" +
                    std::to_string(cells) + " cells";
  if (unsaved) out += " (" + std::to_string(unsaved) + " not saved yet)";
  if (stored) out += " (" + std::to_string(stored) + " stored)";
  if (failed) out += ", " + std::to_string(failed) + " failed";
  if (const auto running = counters_.running.load())
    out += ", " + std::to_string(running) + " running";
  if (const auto shared = counters_.stages_shared.load())
    out += ", " + std::to_string(shared) + " stages shared";
  char rates[64];
  std::snprintf(rates, sizeof rates, rate >= 100 ? ", %.0f cells/s" : ", %.1f cells/s", rate);
  out += rates;
  const auto left = cells - std::min(cells, done + failed + stored);
  if (left == 0)
    out += ", " + duration_text(elapsed);
  else if (rate > 0)
    out += ", " + duration_text(static_cast<double>(left) / rate) + " left";
  return out;
}

void Progress::loop() {
  using namespace std::chrono_literals;
  for (int tick = 1; !over_; ++tick) {
    std::this_thread::sleep_for(50ms);
    if (terminal_ && tick % 4 == 0) std::fprintf(stderr, "\r\033[K%s", line().c_str());
    if (!terminal_ && tick % 200 == 0) std::fprintf(stderr, "%s\n", line().c_str());
  }
}

}  // namespace assay::execute
