#include "runner/cli/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <string>

namespace assay::cli {

namespace {

using Seconds = std::chrono::duration<double>;

// After the grace, time to make durable what is finished; a disk may hang.
constexpr Seconds kLastWork{0.7};
// `timeout` and some schedulers send a signal to the process and again to its group: that is one.
constexpr double kSameSignal = 1.0;

std::atomic<bool> stop_requested{false};
std::atomic<int> first_signal{0};
std::atomic<double> first_time{0.0};
int wake_pipe[2] = {-1, -1};

static_assert(std::atomic<double>::is_always_lock_free, "signal handlers must not wait");

double now() {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

int code_of(int signal) {
  return signal == SIGINT ? Signals::kInterrupted : Signals::kGoOnLater;
}

void wake() {
  const char byte = 0;
  (void)!write(wake_pipe[1], &byte, 1);
}

extern "C" void on_signal(int signal) {
  const int error = errno;
  int none = 0;
  if (first_signal.compare_exchange_strong(none, signal)) {
    first_time = now();
    stop_requested = true;
    wake();
  } else if (signal == SIGINT || signal != first_signal || now() - first_time > kSameSignal) {
    _exit(code_of(signal));
  }
  errno = error;
}

}  // namespace

Signals::Signals() {
  if (pipe2(wake_pipe, O_CLOEXEC) != 0) wake_pipe[0] = wake_pipe[1] = -1;
  thread_ = std::thread([this] { watch(); });
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaction(signal, &action, nullptr);
}

Signals::~Signals() {
  {
    const std::scoped_lock lock(mutex_);
    over_ = true;
  }
  wake_.notify_all();
  wake();
  thread_.join();
}

std::atomic<bool>& Signals::stop() {
  return stop_requested;
}

int Signals::exit_code() const {
  const int signal = first_signal;
  return signal == 0 ? 0 : code_of(signal);
}

std::string Signals::name() const {
  switch (first_signal) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    case SIGUSR1:
      return "SIGUSR1";
    default:
      return "";
  }
}

void Signals::before_leaving(std::function<void()> act) {
  const std::scoped_lock lock(mutex_);
  act_ = std::move(act);
}

void Signals::watch() {
  char byte = 0;
  while (read(wake_pipe[0], &byte, 1) < 0 && errno == EINTR) {
  }
  std::unique_lock lock(mutex_);
  if (exit_code() != kGoOnLater) return;
  if (wake_.wait_for(lock, Seconds(kGrace), [this] { return over_; })) return;
  std::thread([] {
    std::this_thread::sleep_for(kLastWork);
    _exit(kGoOnLater);
  }).detach();
  if (act_) act_();
  _exit(kGoOnLater);
}

}  // namespace assay::cli
