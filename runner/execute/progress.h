#pragma once

#include <atomic>
#include <chrono>
#include <thread>

#include "runner/execute/executor.h"

namespace assay::execute {

// Shows the counters on stderr while a run goes on: one redrawn line on a terminal, a plain line
// every ten seconds elsewhere, nothing when quiet.
class Progress {
 public:
  // Cells that `store` could not save are not counted as done.
  Progress(const Counters& counters, const store::Store& store, bool quiet);
  ~Progress();  // ends the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void loop();
  std::string line() const;

  const Counters& counters_;
  const store::Store& store_;
  bool quiet_;
  bool terminal_;
  std::chrono::steady_clock::time_point start_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

// "3 min 20 s", "1.4 s", "12 ms".
std::string duration_text(double seconds);

}  // namespace assay::execute
