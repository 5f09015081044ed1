#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "runner/execute/work.h"
#include "runner/store/store.h"

namespace assay::execute {

// What progress shows; read by another thread while a run goes on.
struct Counters {
  std::atomic<std::uint64_t> cells{0}, done{0}, failed{0}, stored{0};
  std::atomic<std::uint64_t> stages_run{0}, stages_shared{0}, running{0};
};

struct Outcome {
  bool done = false;
  std::string failed_stage, message;  // where it failed
  std::shared_ptr<const Artifact> artifact;
  std::vector<Measured> metrics;
  std::vector<Curve> curves;
  double seconds = 0.0;
  std::vector<store::StoredArtifact::Upstream> upstream;  // of a checkpoint
};

// Runs one stage. In this process, or in a worker process (workers.h).
class Backend {
 public:
  using Lookup = std::function<std::shared_ptr<const Artifact>(int stage)>;
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;
  virtual Outcome run(const Node& node, const Lookup& inputs) = 0;
  // No stage that is still to run needs what this one gave.
  virtual void forget(const Node& node) { (void)node; }
  // Before the whole process leaves although stages still run: removes what it would leave behind.
  // From any thread.
  virtual void abandon() {}
};

// Stages that look at it stop where `stop` says so; long ones leave their state in `folder`.
std::unique_ptr<Backend> make_in_process_backend(const config::Study& study,
                                                 const graph::Linker& linker,
                                                 const std::filesystem::path& folder,
                                                 std::atomic<bool>& stop);

struct RunOptions {
  int jobs = 0;         // 0: all cores
  double memory = 0.0;  // bytes; 0: four fifths of the machine's
  bool fail_fast = false;
  // What other processes store meanwhile is left out; null: nobody looks.
  store::Watch* watch = nullptr;
  std::filesystem::path scratch;  // of the backend, to keep it looking alive; may be empty
  // Not 0: stages of equal urgency run in an order that this number draws, so that processes that
  // work on one study at once begin at different ends of it.
  std::uint64_t order = 0;
};

struct RunSummary {
  std::uint64_t done = 0, failed = 0;
  std::uint64_t elsewhere = 0;  // cells that other processes stored meanwhile
  bool stopped = false;         // by the user, or by fail_fast
  // A checkpoint turned out to be damaged: what needs it has not run, and a new plan will do
  // without it.
  bool plan_again = false;
  // Why the run ended early though nobody stopped it: what stages hand to each other cannot be
  // written or read. It says nothing about the cells, which have neither run nor failed.
  std::string trouble;
};

// Runs the work: ready stages first along the longest remaining path, within cores and memory.
// Every finished cell goes to the store at once. `stop` is raised by a signal.
RunSummary run(const config::Study& study, const graph::Linker& linker, const Work& work,
               store::Store& store, const RunOptions& options, std::atomic<bool>& stop,
               Counters& counters, Backend* backend = nullptr);

}  // namespace assay::execute
