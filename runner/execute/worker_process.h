#pragma once

#include <sys/types.h>

#include <atomic>
#include <string>
#include <vector>

#include "runner/config/study.h"

namespace assay::execute {

// By this signal a worker is told to stop: it leaves the state of what it does and answers
// "interrupted". To all that schedulers and terminals send to a whole group of processes it is
// deaf, since the run above it decides.
int stop_signal();

// Bytes that a process holds resident, libraries included; 0 where it is gone.
double resident_bytes(pid_t process);

// One worker process and the two pipes to it. It ends by itself when its pipes close.
class WorkerProcess {
 public:
  explicit WorkerProcess(const std::vector<std::string>& arguments);
  ~WorkerProcess();  // waits for its end
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // The answer to a request, a line each. Throws std::runtime_error where the worker died, or was
  // ended over a limit; Interrupted where it died while the run stops, which says nothing of what
  // it did.
  std::string ask(const std::string& request, const config::Limits& limits,
                  const std::atomic<bool>& stop);
  void kill() const;

 private:
  std::string receive(const config::Limits& limits, const std::atomic<bool>& stop);
  [[noreturn]] void tell_death(const std::atomic<bool>& stop) const;

  pid_t pid_ = -1;
  int out_ = -1, in_ = -1;
};

}  // namespace assay::execute
