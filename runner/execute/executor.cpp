#include "runner/execute/executor.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "runner/execute/company.h"
#include "runner/execute/ready.h"
#include "runner/execute/recorder.h"

namespace assay::execute {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

enum class State : std::uint8_t { kWaiting, kReady, kRunning, kDone, kFailed, kDropped };

class Executor {
 public:
  Executor(const config::Study& study, const graph::Linker& linker, const Work& work,
           store::Store& store, const RunOptions& options, std::atomic<bool>& stop,
           Counters& counters, Backend& backend)
      : study_(study),
        work_(work),
        options_(options),
        stop_(stop),
        counters_(counters),
        backend_(backend),
        ready_(work, options.order),
        states_(work.nodes.size(), State::kWaiting),
        pending_(work.nodes.size()),
        consumers_(work.nodes.size()),
        outcomes_(work.nodes.size()),
        wanted_(work.nodes.size()),
        recorder_(study, linker, work, outcomes_, store),
        cell_pending_(work.cells.size()),
        cell_over_(work.cells.size()) {
    jobs_ = options.jobs > 0 ? options.jobs : static_cast<int>(std::thread::hardware_concurrency());
    jobs_ = std::max(jobs_, 1);
    free_cores_ = jobs_;
    const double machine =
        static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
    memory_ = options.memory > 0 ? options.memory : 0.8 * machine;
    for (std::size_t i = 0; i < work.nodes.size(); ++i) {
      pending_[i] = static_cast<int>(work.nodes[i].inputs.size());
      consumers_[i] = static_cast<int>(work.nodes[i].dependents.size());
      for (const int cell : work.nodes[i].cells) ++cell_pending_[static_cast<std::size_t>(cell)];
      if (pending_[i] == 0) push(static_cast<int>(i));
    }
  }

  RunSummary run() {
    // More jobs than cores are allowed: stages that wait or read leave the processor to others.
    const oneapi::tbb::global_control allow(oneapi::tbb::global_control::max_allowed_parallelism,
                                            static_cast<std::size_t>(jobs_));
    oneapi::tbb::task_arena arena(jobs_, 1);
    const auto company = watch_others();
    arena.execute([&] {
      {
        const std::scoped_lock lock(mutex_);
        dispatch();
      }
      group_.wait();
    });
    const std::scoped_lock lock(mutex_);
    // A signal that came when all was done stopped nothing.
    const bool left = summary_.done + summary_.failed + summary_.elsewhere < work_.cells.size();
    summary_.stopped = left && (stop_.load() || fail_stop_);
    summary_.plan_again = plan_again_ && !summary_.stopped;
    return summary_;
  }

 private:
  const Node& node(int i) const { return work_.nodes[static_cast<std::size_t>(i)]; }
  const config::StageSpec& stage_of(const Node& n) const {
    return study_.stages[static_cast<std::size_t>(n.stage)];
  }

  void push(int i) {
    states_[static_cast<std::size_t>(i)] = State::kReady;
    ready_.push(i);
  }

  std::unique_ptr<Company> watch_others() {
    if (!options_.watch) return nullptr;
    for (std::size_t c = 0; c < work_.cells.size(); ++c) {
      by_key_.emplace(work_.cells[c].key, static_cast<int>(c));
      for (const int n : work_.cells[c].nodes)
        if (n >= 0) ++wanted_[static_cast<std::size_t>(n)];
    }
    return std::make_unique<Company>(*options_.watch, options_.scratch,
                                     [this](const auto& news) { leave_out(news); });
  }

  // Cells that are stored by now, and the stages that they alone need.
  void leave_out(const std::vector<store::Store::CellState>& news) {
    const std::scoped_lock lock(mutex_);
    for (const auto& state : news) {
      const auto it = by_key_.find(state.key);
      if (state.status != store::Status::kDone || it == by_key_.end()) continue;
      const auto cell = static_cast<std::size_t>(it->second);
      if (std::exchange(cell_over_[cell], 1)) continue;
      ++summary_.elsewhere, ++counters_.stored;
      for (const int n : work_.cells[cell].nodes)
        if (n >= 0 && --wanted_[static_cast<std::size_t>(n)] == 0) drop(n);
    }
    ready_.mix();
  }

  void drop(int i) {
    State& state = states_[static_cast<std::size_t>(i)];
    if (state != State::kWaiting && state != State::kReady) return;
    state = State::kDropped;
    for (const int in : node(i).inputs) release(in);
  }

  // Starts what fits, the longest remaining path first. Requires the lock.
  void dispatch() {
    std::vector<int> held;
    while (!ready_.empty() && free_cores_ > 0 && !stop_.load() && !fail_stop_) {
      const int top = ready_.top();
      if (states_[static_cast<std::size_t>(top)] == State::kDropped) {
        ready_.pop();
        continue;
      }
      const config::StageSpec& spec = stage_of(node(top));
      const int cores = std::min(spec.cores, jobs_);
      const bool fits =
          cores <= free_cores_ && (used_memory_ + spec.memory <= memory_ || running_ == 0);
      ready_.pop();
      if (!fits) {
        held.push_back(top);
        if (cores > free_cores_) break;  // a wide stage must not starve
        continue;
      }
      free_cores_ -= cores;
      used_memory_ += spec.memory;
      ++running_;
      states_[static_cast<std::size_t>(top)] = State::kRunning;
      group_.run([this, i = top, cores] { work_on(i, cores); });
    }
    for (const int i : held) ready_.push(i);
  }

  void work_on(int i, int cores) {
    counters_.running.fetch_add(1);
    Outcome outcome = attempt(i);
    counters_.running.fetch_sub(1);
    const std::scoped_lock lock(mutex_);
    free_cores_ += cores;
    used_memory_ -= stage_of(node(i)).memory;
    --running_;
    finish(i, std::move(outcome));
    dispatch();
  }

  Outcome attempt(int i) {
    const Node& n = node(i);
    const auto start = Clock::now();
    Outcome outcome;
    bool interrupted = false, ran = false;
    try {
      outcome = restored_or_run(n, ran);
    } catch (const Interrupted&) {
      interrupted = true;
    } catch (const CheckpointGone&) {
      interrupted = plan_again_ = true;
    } catch (const store::StoreError& error) {
      interrupted = true;
      stop_for(error.what());
    } catch (const std::bad_alloc&) {
      outcome.message = "out of memory";
    } catch (const std::exception& error) {
      outcome.message = error.what();
    }
    if (outcome.seconds == 0.0) outcome.seconds = seconds_since(start);
    if (!outcome.done && !interrupted) {
      if (outcome.message.empty()) outcome.message = "failed without a message";
      outcome.failed_stage = stage_of(n).name;
    }
    if (outcome.done && ran) {
      counters_.stages_run.fetch_add(1);
      recorder_.keep(n, outcome);
    }
    if (interrupted) outcome.failed_stage.clear(), outcome.message.clear();
    return outcome;
  }

  void stop_for(const std::string& trouble) {
    const std::scoped_lock lock(mutex_);
    fail_stop_ = true;
    if (summary_.trouble.empty()) summary_.trouble = trouble;
  }

  Outcome restored_or_run(const Node& n, bool& ran) {
    if (n.from_checkpoint) return recorder_.restore(n);
    try {
      if (recorder_.is_kept(n)) return recorder_.restore(n);
    } catch (const CheckpointGone&) {
      spdlog::info("what another process kept of {} is of no use", stage_of(n).name);
    }
    ran = true;
    return backend_.run(n, [&](int stage) { return input(n, stage); });
  }

  std::shared_ptr<const Artifact> input(const Node& n, int stage) const {
    for (std::size_t i = 0; i < n.inputs.size(); ++i)
      if (n.input_stages[i] == stage)
        return outcomes_[static_cast<std::size_t>(n.inputs[i])].artifact;
    throw std::logic_error("an input of " + stage_of(n).name + " is missing");
  }

  // Requires the lock, as all below.
  void finish(int i, Outcome outcome) {
    const auto at = static_cast<std::size_t>(i);
    if (!outcome.done && outcome.failed_stage.empty())
      return;  // interrupted: neither done nor failed
    const bool done = outcome.done;
    states_[at] = done ? State::kDone : State::kFailed;
    outcomes_[at] = std::move(outcome);
    if (!done) return fail(i, outcomes_[at]);
    for (const int cell : node(i).cells)
      if (--cell_pending_[static_cast<std::size_t>(cell)] == 0) record(cell, nullptr);
    for (const int next : node(i).dependents)
      if (--pending_[static_cast<std::size_t>(next)] == 0 &&
          states_[static_cast<std::size_t>(next)] == State::kWaiting)
        push(next);
    for (const int in : node(i).inputs) release(in);
    if (consumers_[at] == 0) forget(i);
  }

  void release(int i) {
    if (--consumers_[static_cast<std::size_t>(i)] == 0) forget(i);
  }

  void forget(int i) {
    outcomes_[static_cast<std::size_t>(i)].artifact.reset();
    backend_.forget(node(i));
  }

  void fail(int i, const Outcome& why) {
    for (const int cell : node(i).cells) record(cell, &why);
    for (const int next : node(i).dependents) {
      State& state = states_[static_cast<std::size_t>(next)];
      if (state == State::kFailed || state == State::kDropped) continue;
      state = State::kFailed;
      fail(next, why);
    }
    for (const int in : node(i).inputs) release(in);
    if (options_.fail_fast) fail_stop_ = true;
  }

  void record(int cell, const Outcome* failure) {
    auto& over = cell_over_[static_cast<std::size_t>(cell)];
    if (std::exchange(over, true)) return;
    recorder_.record(cell, failure);
    ++(failure ? summary_.failed : summary_.done);
    ++(failure ? counters_.failed : counters_.done);
  }

  const config::Study& study_;
  const Work& work_;
  RunOptions options_;
  std::atomic<bool>& stop_;
  Counters& counters_;
  Backend& backend_;
  int jobs_ = 1;
  oneapi::tbb::task_group group_;
  std::mutex mutex_;
  ReadyQueue ready_;
  std::vector<State> states_;
  std::vector<int> pending_, consumers_;
  std::vector<Outcome> outcomes_;
  std::vector<int> wanted_;  // cells not over that need the node
  std::unordered_map<Key, int> by_key_;
  std::atomic<bool> plan_again_{false};
  Recorder recorder_;
  std::vector<int> cell_pending_;
  std::vector<char> cell_over_;
  int free_cores_ = 0, running_ = 0;
  double memory_ = 0.0, used_memory_ = 0.0;
  bool fail_stop_ = false;
  RunSummary summary_;
};

}  // namespace

RunSummary run(const config::Study& study, const graph::Linker& linker, const Work& work,
               store::Store& store, const RunOptions& options, std::atomic<bool>& stop,
               Counters& counters, Backend* backend) {
  const auto here = make_in_process_backend(study, linker, store.folder(), stop);
  // What earlier rounds of this run did is counted as done or failed already.
  const std::uint64_t before = counters.done + counters.failed;
  counters.stored = work.stored - std::min(work.stored, before);
  counters.cells = work.cells.size() + counters.stored + before;
  counters.stages_shared = work.stages_wanted - work.nodes.size();
  return Executor(study, linker, work, store, options, stop, counters, backend ? *backend : *here)
      .run();
}

}  // namespace assay::execute
