#include "runner/execute/workers.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "runner/store/midway.h"

extern char** environ;

namespace assay::execute {

namespace {

using nlohmann::json;

// One worker process and the two pipes to it.
class Worker {
 public:
  explicit Worker(const std::vector<std::string>& arguments) {
    int requests[2] = {-1, -1}, answers[2] = {-1, -1};
    if (pipe2(requests, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0)
      throw std::runtime_error("no pipe for a worker process");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, requests[0], 0);
    posix_spawn_file_actions_adddup2(&actions, answers[1], 3);
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const int wrong = posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(requests[0]);
    close(answers[1]);
    out_ = requests[1];
    in_ = answers[0];
    if (wrong != 0) throw std::runtime_error("a worker process did not start");
  }
  ~Worker() {
    if (out_ >= 0) close(out_);
    if (in_ >= 0) close(in_);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // The answer; nothing where the worker died, and then `death` says how.
  std::string ask(const std::string& request, std::string& death) {
    std::string answer;
    bool alive =
        write(out_, request.data(), request.size()) == static_cast<ssize_t>(request.size());
    char buffer[65536];
    while (alive && (answer.empty() || answer.back() != '\n')) {
      const ssize_t got = read(in_, buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0)
        alive = false;
      else
        answer.append(buffer, static_cast<std::size_t>(got));
    }
    if (alive) return answer;
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    if (WIFSIGNALED(status))
      death = "the worker process was killed by signal " + std::to_string(WTERMSIG(status)) + " (" +
              sigdescr_np(WTERMSIG(status)) + ")";
    else
      death = "the worker process ended with exit code " + std::to_string(WEXITSTATUS(status));
    return {};
  }

 private:
  pid_t pid_ = -1;
  int out_ = -1, in_ = -1;
};

class ProcessBackend final : public Backend {
 public:
  ProcessBackend(std::vector<std::string> arguments, std::filesystem::path scratch)
      : arguments_(std::move(arguments)),
        scratch_(scratch),
        store_(std::move(scratch)) {
    std::signal(SIGPIPE, SIG_IGN);  // a dead worker is told by its answer
  }
  ~ProcessBackend() override {
    idle_.clear();
    std::error_code ignored;
    std::filesystem::remove_all(scratch_, ignored);
  }

  Outcome run(const Node& node, const Lookup& inputs) override {
    (void)inputs;  // the worker reads them from the scratch folder
    std::unique_ptr<Worker> worker = take();
    std::string death;
    const std::string answer =
        worker->ask(std::to_string(node.stage) + " " + std::to_string(node.variant) + " " +
                        std::to_string(node.replicate) + " " + node.key.hex() + "\n",
                    death);
    if (!death.empty()) throw std::runtime_error(death);
    give_back(std::move(worker));
    const json reply = json::parse(answer);
    if (reply.value("interrupted", false)) throw Interrupted{};
    if (reply.contains("error")) throw std::runtime_error(reply["error"].get<std::string>());
    Outcome out;
    out.done = true;
    out.seconds = reply["seconds"].get<double>();
    for (const auto& [name, value] : reply["metrics"].items())
      out.metrics.push_back({value[0].get<std::string>(), value[1].get<double>()});
    for (const auto& curve : reply["curves"])
      out.curves.push_back({curve[0].get<std::string>(), curve[1].get<std::vector<double>>(),
                            curve[2].get<std::vector<double>>()});
    if (const auto stored = store_.load_artifact(node.key))
      out.artifact = load_artifact(stored->type, stored->archive);
    return out;
  }

 private:
  std::unique_ptr<Worker> take() {
    const std::scoped_lock lock(mutex_);
    if (idle_.empty()) return std::make_unique<Worker>(arguments_);
    auto worker = std::move(idle_.back());
    idle_.pop_back();
    return worker;
  }
  void give_back(std::unique_ptr<Worker> worker) {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(worker));
  }

  std::vector<std::string> arguments_;
  std::filesystem::path scratch_;
  store::Store store_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> idle_;
};

json serve_one(const config::Study& study, const graph::Linker& linker, store::Store& scratch,
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
      const auto stored = scratch.load_artifact(from.key);
      if (!stored) throw std::runtime_error("the artifact of " + name + " is missing");
      return load_artifact(stored->type, stored->archive);
    }
    throw std::logic_error("no input stage " + name);
  };
  const config::StageSpec& spec = study.stages[static_cast<std::size_t>(request.stage)];
  // The scratch folder lies in that of the study.
  const auto midway =
      store::make_midway(scratch.folder().parent_path(), request.key, study.checkpoint_seconds);
  StageContext context({study.seed, request.replicate, spec.name}, lookup, spec.cores, nullptr,
                       midway.get());
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
  scratch.save_artifact(request.key, stored);
  return reply;
}

}  // namespace

std::unique_ptr<Backend> make_process_backend(std::vector<std::string> worker_arguments,
                                              std::filesystem::path scratch) {
  return std::make_unique<ProcessBackend>(std::move(worker_arguments), std::move(scratch));
}

int serve(const config::Study& study, const graph::Linker& linker,
          const std::filesystem::path& scratch, int answers) {
  std::signal(SIGINT, SIG_IGN);  // the parent decides when to stop
  // And a parent that died will never read the answer, however long the stage goes on.
  std::thread([] {
    pollfd requests = {0, 0, 0};
    while (poll(&requests, 1, -1) < 0 && errno == EINTR) {
    }
    _exit(1);
  }).detach();
  store::Store store(scratch);
  std::string key;
  Node request;
  while (std::cin >> request.stage >> request.variant >> request.replicate >> key) {
    request.key = Key::parse(key).value_or(Key{});
    json reply;
    try {
      reply = serve_one(study, linker, store, request);
    } catch (const Interrupted&) {
      reply = {{"interrupted", true}};
    } catch (const std::bad_alloc&) {
      reply = {{"error", "out of memory"}};
    } catch (const std::exception& error) {
      reply = {{"error", error.what()}};
    }
    const std::string line = reply.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    if (write(answers, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return 1;
  }
  return 0;
}

}  // namespace assay::execute
