#pragma once

#include "runner/execute/executor.h"

namespace assay::execute {

class CheckpointGone : public std::runtime_error {
 public:
  CheckpointGone() : std::runtime_error("its checkpoint vanished or was damaged") {}
};

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

  // A stage that a checkpoint stands in for. Throws CheckpointGone where it is damaged or was
  // removed. Any thread.
  Outcome restore(const Node& node) const;
  // Whether another process has kept the result of a stage by now.
  bool is_kept(const Node& node) const;
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
  void add_measured(const Cell& cell, const std::vector<int>& choice, const Outcome* failure,
                    store::CellRecord& out) const;
  // The stages whose results a cell reports: all, or those that the one that failed it builds on.
  // Whether others had finished by then is a matter of time, and equal cells are equal records.
  std::vector<bool> told(const graph::CellLink& link, const Outcome* failure) const;
  const Upstream* told_by_checkpoint(const Cell& cell, const Key& key) const;

  const config::Study& study_;
  const graph::Linker& linker_;
  const Work& work_;
  const std::vector<Outcome>& outcomes_;
  store::Store& store_;
  mutable std::atomic<bool> not_kept_{false};  // a checkpoint could not be saved, and it was said
  std::vector<std::atomic<int>> timed_;        // runs of each stage in this process
};

}  // namespace assay::execute
