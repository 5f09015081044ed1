#pragma once

#include <memory>
#include <vector>

#include "runner/config/study.h"
#include "runner/registry/key.h"
#include "runner/registry/stage.h"

namespace assay::graph {

// One cell, linked: the key of each stage that it needs, and of the whole cell.
struct CellLink {
  struct Step {
    int stage = 0;  // index into Study::stages
    Key key;
    std::vector<int> inputs;  // indices into `steps`
  };
  std::vector<Step> steps;  // inputs before those that take them
  Key key;
};

// Turns a choice of axis values and a replicate into stage keys. A stage's key is a hash of its
// component, version, canonical parameters, the keys of its inputs, and of (study seed, replicate,
// stage name) if it draws random numbers. What a parameter contributes is computed once for each
// combination of the axis values that touch it, so linking a cell costs well under a microsecond a
// stage. A cell needs the stages that no other stage takes, and whatever those take.
class Linker {
 public:
  explicit Linker(const config::Study& study);
  ~Linker();

  // Checks every stage under every combination of axis values that occurs: values, inputs, cycles,
  // axis paths. Must be called, and leave `out` without errors, before link().
  void check(Diagnostics& out);

  void link(const std::vector<int>& choice, std::uint64_t replicate, CellLink& out) const;
  // The stage's component under a choice, as configuration and built.
  Value configure(int stage, const std::vector<int>& choice) const;
  std::shared_ptr<const Stage> build(int stage, const std::vector<int>& choice) const;
  // The axis values of a cell on one line: `"a.b" = 1, "a.c" = "x", replicate = 0`.
  std::string describe(const std::vector<int>& choice, std::uint64_t replicate) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace assay::graph
