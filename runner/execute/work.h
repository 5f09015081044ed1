#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "runner/design/wanted.h"
#include "runner/graph/linker.h"
#include "runner/store/record.h"

namespace assay::execute {

// A stage to run once, whoever needs it.
struct Node {
  Key key;
  int stage = 0;
  std::uint64_t variant = 0;  // any variant that needs it; tells its configuration
  std::uint64_t replicate = 0;
  std::vector<int> inputs;  // nodes; empty where a checkpoint stands in for them
  // The stage as which each input is taken: stages with equal keys are one node, of another name.
  std::vector<int> input_stages;
  std::vector<int> dependents;
  std::vector<int> cells;  // of which this node is a last stage
  bool from_checkpoint = false;
  double cost = 0.0;  // expected seconds
  double path = 0.0;  // expected seconds of the longest way from here to a cell's end
};

struct Cell {
  Key key;
  std::uint64_t variant = 0;
  std::uint64_t replicate = 0;
  std::vector<int> nodes;  // in the order of the link; -1 where a checkpoint made it needless
};

// What is left to do of a study: wanted cells that are not stored, and the stages that they share.
struct Work {
  std::vector<Node> nodes;  // inputs before those that take them
  std::vector<Cell> cells;
  std::uint64_t stored = 0;         // wanted cells done already
  std::uint64_t stages_wanted = 0;  // stages of all cells to run, had nothing been shared
};

using KeySet = std::unordered_set<Key>;

// `done`: keys of the cells stored as done. `checkpoints`: keys of the artifacts on disk.
Work plan_work(const config::Study& study, const graph::Linker& linker,
               const design::Wanted& wanted, const KeySet& done, const KeySet& checkpoints,
               const std::vector<store::StageTiming>& timings);

// Only the numbers, without keeping nodes or cells: for studies of a million cells.
struct Outline {
  std::uint64_t cells = 0, stored = 0;
  std::uint64_t stages = 0;  // of the cells to run, each cell by itself
  std::uint64_t unique = 0;  // after sharing
  double seconds = -1.0;     // expected compute time of the unique stages; -1: unknown
  double seconds_unshared = -1.0;
  double memory = 0.0;  // bytes of the largest stage: declared, or inputs and result as measured
  double disk = 0.0;    // bytes of the checkpoints to come, as measured, before compression
  std::vector<std::uint64_t> unique_by_stage;
};
Outline outline(const config::Study& study, const graph::Linker& linker,
                const design::Wanted& wanted, const KeySet& done, const KeySet& checkpoints,
                const std::vector<store::StageTiming>& timings);

bool keeps_artifact(const config::StageSpec& stage);

}  // namespace assay::execute
