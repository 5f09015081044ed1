#include "runner/execute/workers.h"

#include <csignal>
#include <nlohmann/json.hpp>
#include <set>

#include "runner/execute/worker_process.h"

namespace assay::execute {

namespace {

using nlohmann::json;

class ProcessBackend final : public Backend {
 public:
  ProcessBackend(const config::Study& study, std::vector<std::string> arguments,
                 std::filesystem::path scratch, const std::atomic<bool>& stop)
      : study_(study),
        arguments_(std::move(arguments)),
        scratch_(scratch),
        stop_(stop),
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
    const json reply = ask(node);
    if (reply.value("interrupted", false)) throw Interrupted{};
    if (reply.contains("not handed over"))
      throw store::StoreError(reply["not handed over"].get<std::string>());
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

  void forget(const Node& node) override {
    std::error_code ignored;
    std::filesystem::remove(scratch_ / "artifacts" / (node.key.hex() + ".h5"), ignored);
  }

  void abandon() override {
    const std::scoped_lock lock(mutex_);
    for (const WorkerProcess* worker : busy_) worker->kill();
    std::error_code ignored;
    std::filesystem::remove_all(scratch_, ignored);
  }

 private:
  json ask(const Node& node) {
    const std::string request = std::to_string(node.stage) + " " + std::to_string(node.variant) +
                                " " + std::to_string(node.replicate) + " " + node.key.hex() + "\n";
    std::unique_ptr<WorkerProcess> worker = take();
    try {
      json reply = json::parse(worker->ask(request, limits_of(node), stop_));
      release(std::move(worker), !reply.value("last", false));
      return reply;
    } catch (...) {
      release(std::move(worker), false);
      throw;
    }
  }
  const config::Limits& limits_of(const Node& node) const {
    return study_.stages[static_cast<std::size_t>(node.stage)].limits;
  }

  std::unique_ptr<WorkerProcess> take() {
    const std::scoped_lock lock(mutex_);
    std::unique_ptr<WorkerProcess> worker;
    if (idle_.empty()) {
      worker = std::make_unique<WorkerProcess>(arguments_);
    } else {
      worker = std::move(idle_.back());
      idle_.pop_back();
    }
    busy_.insert(worker.get());
    return worker;
  }
  // Unlocked when the worker goes, since that waits for its end.
  void release(std::unique_ptr<WorkerProcess> worker, bool serves_on) {
    const std::scoped_lock lock(mutex_);
    busy_.erase(worker.get());
    if (serves_on) idle_.push_back(std::move(worker));
  }

  const config::Study& study_;
  std::vector<std::string> arguments_;
  std::filesystem::path scratch_;
  const std::atomic<bool>& stop_;
  store::Store store_;
  std::mutex mutex_;
  std::set<const WorkerProcess*> busy_;
  std::vector<std::unique_ptr<WorkerProcess>> idle_;
};

}  // namespace

std::unique_ptr<Backend> make_process_backend(const config::Study& study,
                                              std::vector<std::string> worker_arguments,
                                              std::filesystem::path scratch,
                                              const std::atomic<bool>& stop) {
  return std::make_unique<ProcessBackend>(study, std::move(worker_arguments), std::move(scratch),
                                          stop);
}

}  // namespace assay::execute
