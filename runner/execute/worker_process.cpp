#include "runner/execute/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "runner/execute/progress.h"
#include "runner/registry/stage.h"

extern char** environ;

namespace assay::execute {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTick = 50;  // milliseconds between two looks at limits and at `stop`

// Blocked in a new worker until it has its handlers, so that no signal meets it unprepared.
sigset_t signals_of_workers() {
  sigset_t out;
  sigemptyset(&out);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, stop_signal()}) sigaddset(&out, signal);
  return out;
}

std::string megabytes(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f MB", bytes / 1e6);
  return text;
}

// Empty while within the limits.
std::string over(const config::Limits& limits, double seconds, pid_t process) {
  if (limits.time.most > 0 && seconds > limits.time.most)
    return "ended over " + limits.time.text + ": it had run for " + duration_text(seconds);
  if (limits.memory.most == 0) return {};
  const double held = resident_bytes(process);
  if (held <= limits.memory.most) return {};
  return "ended over " + limits.memory.text + ": its process held " + megabytes(held);
}

}  // namespace

int stop_signal() {
  return SIGUSR2;
}

double resident_bytes(pid_t process) {
  const std::string file = "/proc/" + std::to_string(process) + "/statm";
  std::FILE* in = std::fopen(file.c_str(), "re");
  if (!in) return 0.0;
  long total = 0, resident = 0;
  const int read = std::fscanf(in, "%ld %ld", &total, &resident);
  std::fclose(in);
  return read == 2 ? static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGE_SIZE))
                   : 0.0;
}

WorkerProcess::WorkerProcess(const std::vector<std::string>& arguments) {
  int requests[2] = {-1, -1}, answers[2] = {-1, -1};
  if (pipe2(requests, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe for a worker process");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, requests[0], 0);
  posix_spawn_file_actions_adddup2(&actions, answers[1], 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  const sigset_t blocked = signals_of_workers();
  posix_spawnattr_setsigmask(&attributes, &blocked);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const int wrong =
      posix_spawn(&pid_, "/proc/self/exe", &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(requests[0]);
  close(answers[1]);
  out_ = requests[1];
  in_ = answers[0];
  if (wrong == 0) return;
  close(out_);
  close(in_);
  throw std::runtime_error("a worker process did not start");
}

WorkerProcess::~WorkerProcess() {
  close(out_);
  close(in_);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void WorkerProcess::kill() const {
  ::kill(pid_, SIGKILL);
}

std::string WorkerProcess::ask(const std::string& request, const config::Limits& limits,
                               const std::atomic<bool>& stop) {
  if (write(out_, request.data(), request.size()) != static_cast<ssize_t>(request.size()))
    tell_death(stop);
  return receive(limits, stop);
}

std::string WorkerProcess::receive(const config::Limits& limits, const std::atomic<bool>& stop) {
  const auto start = Clock::now();
  std::string answer;
  char buffer[65536];
  bool told = false;
  while (answer.empty() || answer.back() != '\n') {
    pollfd answers = {in_, POLLIN, 0};
    if (poll(&answers, 1, kTick) > 0) {
      const ssize_t got = read(in_, buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) tell_death(stop);
      answer.append(buffer, static_cast<std::size_t>(got));
      continue;
    }
    if (stop && !std::exchange(told, true)) ::kill(pid_, stop_signal());
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const std::string why = over(limits, seconds, pid_);
    if (why.empty()) continue;
    kill();
    throw std::runtime_error(why);
  }
  return answer;
}

// Leaves the process for the destructor to collect: until then its number is nobody else's.
void WorkerProcess::tell_death(const std::atomic<bool>& stop) const {
  siginfo_t info = {};
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  if (stop) throw Interrupted{};
  if (info.si_code == CLD_EXITED)
    throw std::runtime_error("the worker process ended with exit code " +
                             std::to_string(info.si_status));
  throw std::runtime_error("the worker process was killed by signal " +
                           std::to_string(info.si_status) + " (" + sigdescr_np(info.si_status) +
                           ")");
}

}  // namespace assay::execute
