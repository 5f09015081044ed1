// The worker's side of process isolation.
#include <malloc.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "runner/execute/worker_process.h"
#include "runner/execute/workers.h"
#include "runner/store/midway.h"

namespace assay::execute {

namespace {

using nlohmann::json;

std::atomic<bool> stop_requested{false};

extern "C" void on_stop(int /*signal*/) {
  stop_requested = true;
}

// The run above decides when to stop, whatever is sent to the whole group of processes.
void listen_to_the_run() {
  for (const int deaf : {SIGINT, SIGTERM, SIGUSR1}) std::signal(deaf, SIG_IGN);
  struct sigaction action = {};
  action.sa_handler = on_stop;
  action.sa_flags = SA_RESTART;
  sigaction(stop_signal(), &action, nullptr);
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_UNBLOCK, &all, nullptr);
}

// While it lives, one allocation far over the limit fails at once, where the watch on what is
// resident would come too late. It leaves room for what is reserved and never touched.
class AllocationLimit {
 public:
  explicit AllocationLimit(double most) {
    if (most == 0 || getrlimit(RLIMIT_DATA, &before_) != 0) return;
    rlimit now = before_;
    const double soft = data_bytes() + kSlack * most;
    if (soft >= static_cast<double>(before_.rlim_cur)) return;
    now.rlim_cur = static_cast<rlim_t>(soft);
    set_ = setrlimit(RLIMIT_DATA, &now) == 0;
  }
  ~AllocationLimit() {
    if (set_) setrlimit(RLIMIT_DATA, &before_);
  }
  AllocationLimit(const AllocationLimit&) = delete;
  AllocationLimit& operator=(const AllocationLimit&) = delete;

 private:
  static constexpr double kSlack = 2.0;
  // What counts against RLIMIT_DATA: the sixth number of statm, in pages.
  static double data_bytes() {
    std::ifstream in("/proc/self/statm");
    long pages = 0;
    for (int i = 0; i < 6; ++i) in >> pages;
    return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  }

  rlimit before_ = {};
  bool set_ = false;
};

// The smallest limit on memory of the study's stages; 0: none has one.
double smallest_limit(const config::Study& study) {
  double out = 0.0;
  for (const config::StageSpec& stage : study.stages)
    if (const double most = stage.limits.memory.most; most > 0 && (out == 0 || most < out))
      out = most;
  return out;
}

// Whether what stages left behind is so much of a limit that the next one, which may be held to it,
// should begin in a fresh process.
bool holds_too_much(double limit, double at_start) {
  constexpr double kShare = 0.25;
  const auto left = [&] { return resident_bytes(getpid()) - at_start; };
  if (limit == 0 || left() <= kShare * limit) return false;
  malloc_trim(0);
  return left() > kShare * limit;
}

std::string out_of_memory(const config::Limit& limit) {
  if (limit.most == 0) return "out of memory";
  rusage used = {};
  getrusage(RUSAGE_SELF, &used);
  return "out of memory under " + limit.text +
         ": an allocation was refused; its process had held " +
         std::to_string(used.ru_maxrss / 1000) + " MB";
}

// Where artifacts of inputs lie: in the scratch folder of the run, or, where the run took one from
// a checkpoint, among those of the study.
struct Folders {
  explicit Folders(const std::filesystem::path& path) : scratch(path), study(path.parent_path()) {}
  std::optional<store::StoredArtifact> load(const Key& key) const {
    auto found = scratch.load_artifact(key);
    return found ? std::move(found) : study.load_artifact(key);
  }
  store::Store scratch, study;
};

// A disk that is full may have room again soon.
void hand_over(store::Store& scratch, const Key& key, const store::StoredArtifact& stored) {
  constexpr int kAttempts = 20;
  for (int attempt = 1;; ++attempt) {
    try {
      return scratch.save_artifact(key, stored);
    } catch (const store::StoreError&) {
      if (attempt == kAttempts || stop_requested) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(250));
    }
  }
}

json serve_one(const config::Study& study, const graph::Linker& linker, Folders& folders,
               const Node& request) {
  std::vector<int> choice;
  study.design.decode(request.variant, choice);
  graph::CellLink link;
  linker.link(choice, request.replicate, link);
  const auto step = std::find_if(link.steps.begin(), link.steps.end(),
                                 [&](const auto& s) { return s.stage == request.stage; });
  if (step == link.steps.end() || step->key != request.key)
    throw std::runtime_error("the study changed while it ran");
  const auto lookup = [&](const std::string& name) -> std::shared_ptr<const Artifact> {
    for (const int in : step->inputs) {
      const auto& from = link.steps[static_cast<std::size_t>(in)];
      if (study.stages[static_cast<std::size_t>(from.stage)].name != name) continue;
      const auto stored = folders.load(from.key);
      if (!stored) throw std::runtime_error("the artifact of " + name + " is missing");
      return load_artifact(stored->type, stored->archive);
    }
    throw std::logic_error("no input stage " + name);
  };
  const config::StageSpec& spec = study.stages[static_cast<std::size_t>(request.stage)];
  const auto midway =
      store::make_midway(folders.study.folder(), request.key, spec.checkpoint_seconds);
  StageContext context({study.seed, request.replicate, spec.name}, lookup, spec.cores,
                       &stop_requested, midway.get());
  const AllocationLimit limited(spec.limits.memory.most);
  const auto start = std::chrono::steady_clock::now();
  const auto artifact = linker.build(request.stage, choice)->run(context);
  json reply;
  reply["seconds"] =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  reply["metrics"] = json::array();
  for (const Measured& m : context.metrics()) reply["metrics"].push_back({m.name, m.value});
  reply["curves"] = json::array();
  for (const Curve& c : context.curves()) reply["curves"].push_back({c.name, c.step, c.value});
  store::StoredArtifact stored;
  stored.type = artifact->type();
  artifact->save(stored.archive);
  hand_over(folders.scratch, request.key, stored);
  return reply;
}

}  // namespace

int serve(const config::Study& study, const graph::Linker& linker,
          const std::filesystem::path& scratch, int answers) {
  listen_to_the_run();
  // A parent that died will never read the answer, however long the stage goes on.
  std::thread([] {
    pollfd requests = {0, 0, 0};
    while (poll(&requests, 1, -1) < 0 && errno == EINTR) {
    }
    _exit(1);
  }).detach();
  Folders folders(scratch);
  const double at_start = resident_bytes(getpid()), smallest = smallest_limit(study);
  std::string key;
  Node request;
  while (std::cin >> request.stage >> request.variant >> request.replicate >> key) {
    request.key = Key::parse(key).value_or(Key{});
    const config::Limit& limit =
        study.stages.at(static_cast<std::size_t>(request.stage)).limits.memory;
    json reply;
    try {
      reply = serve_one(study, linker, folders, request);
    } catch (const Interrupted&) {
      reply = {{"interrupted", true}};
    } catch (const store::StoreError& error) {
      reply = {{"not handed over", error.what()}};
    } catch (const std::bad_alloc&) {
      reply = {{"error", out_of_memory(limit)}, {"last", true}};
    } catch (const std::exception& error) {
      reply = {{"error", error.what()}};
    }
    if (holds_too_much(smallest, at_start)) reply["last"] = true;
    const std::string line = reply.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    if (write(answers, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return 1;
  }
  return 0;
}

}  // namespace assay::execute
