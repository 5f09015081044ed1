#include "runner/execute/company.h"

#include <spdlog/spdlog.h>

#include <chrono>

namespace assay::execute {

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr Seconds kPatience{1.0};
constexpr double kShare = 20.0;  // looking takes at most one part in so many of the time
constexpr Seconds kSignOfLife{60.0};

}  // namespace

Company::Company(store::Watch& watch, std::filesystem::path scratch, Tell tell)
    : watch_(watch),
      scratch_(std::move(scratch)),
      tell_(std::move(tell)),
      thread_([this] { loop(); }) {}

Company::~Company() {
  {
    const std::scoped_lock lock(mutex_);
    over_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Company::loop() {
  Seconds patience = kPatience;
  Clock::time_point alive = Clock::now();
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, patience, [&] { return over_; })) {
    const auto start = Clock::now();
    try {
      const auto news = watch_.news();
      if (!news.empty()) tell_(news);
    } catch (const std::exception& error) {
      spdlog::warn("what other processes stored is not seen: {}", error.what());
    }
    patience = std::max(kPatience, kShare * Seconds(Clock::now() - start));
    if (scratch_.empty() || start - alive < kSignOfLife) continue;
    std::error_code ignored;
    std::filesystem::last_write_time(scratch_, std::filesystem::file_time_type::clock::now(),
                                     ignored);
    alive = start;
  }
}

}  // namespace assay::execute
