#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace assay::cli {

// What signals ask of a run: to stop. SIGINT is the user's; SIGTERM and SIGUSR1 are a scheduler's,
// whose patience is short: where the run has not ended `kGrace` after one of those, the process
// leaves from a thread of its own. A second signal leaves at once. One object at a time.
class Signals {
 public:
  static constexpr double kGrace = 4.0;  // seconds; schedulers are promised 5
  static constexpr int kInterrupted = 130;
  static constexpr int kGoOnLater = 75;  // EX_TEMPFAIL of sysexits.h

  Signals();   // listens from now on
  ~Signals();  // to the end of the program, but nothing is done about it any more
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  std::atomic<bool>& stop();
  // Of the first signal, or 0 without one.
  int exit_code() const;
  // "SIGTERM"; empty without a signal.
  std::string name() const;
  // What to do before the process leaves although it has not ended; nothing when empty. The call
  // waits where that is being done already, and then never returns.
  void before_leaving(std::function<void()> act);

 private:
  void watch();

  std::mutex mutex_;
  std::condition_variable wake_;
  bool over_ = false;
  std::function<void()> act_;
  std::thread thread_;
};

// Says what to do before leaving for as long as it lives.
class BeforeLeaving {
 public:
  BeforeLeaving(Signals& signals, std::function<void()> act) : signals_(signals) {
    signals_.before_leaving(std::move(act));
  }
  ~BeforeLeaving() { signals_.before_leaving({}); }
  BeforeLeaving(const BeforeLeaving&) = delete;
  BeforeLeaving& operator=(const BeforeLeaving&) = delete;

 private:
  Signals& signals_;
};

}  // namespace assay::cli
