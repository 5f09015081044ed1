#pragma once

#include "runner/execute/executor.h"

namespace assay::execute {

// Between outcomes of stages and the store: checkpoints there and back, and the record of a cell.
class Recorder {
 public:
  Recorder(const config::Study& study, const graph::Linker& linker, const Work& work,
           const std::vector<Outcome>& outcomes, store::Store& store)
      : study_(study),
        linker_(linker),
        work_(work),
        outcomes_(outcomes),
        store_(store),
        timed_(study.stages.size()) {}

  // A stage that a checkpoint stands in for. Throws std::runtime_error where it is gone. Any
  // thread.
  Outcome restore(const Node& node) const;
  // The timing of a stage that ran, and its artifact where the stage keeps it. Any thread; the
  // node's inputs are done, so nobody writes their outcomes.
  void keep(const Node& node, const Outcome& outcome);
  // A finished cell; `failure` is the outcome of the stage that failed it, if one did. The outcomes
  // of its stages must not change meanwhile.
  void record(int cell, const Outcome* failure) const;

 private:
  using Upstream = store::StoredArtifact::Upstream;
  const Node& node(int i) const { return work_.nodes[static_cast<std::size_t>(i)]; }
  const Outcome& outcome(int i) const { return outcomes_[static_cast<std::size_t>(i)]; }
  void save_artifact(const Node& node, const Outcome& outcome) const;
  std::vector<Upstream> upstream_of(const Node& node) const;
  void add_measured(const Cell& cell, const std::vector<int>& choice, store::CellRecord& out) const;
  const Upstream* told_by_checkpoint(const Cell& cell, const Key& key) const;

  const config::Study& study_;
  const graph::Linker& linker_;
  const Work& work_;
  const std::vector<Outcome>& outcomes_;
  store::Store& store_;
  std::vector<std::atomic<int>> timed_;  // runs of each stage in this process
};

}  // namespace assay::execute
