#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runner/registry/diagnostics.h"
#include "runner/registry/value.h"

namespace assay::design {

// A dotted parameter path and the values that it takes. One axis may set several paths together
// (linked, listed and sampled axes): then `paths` has several entries and each value is as wide.
struct Axis {
  std::string name;  // the path; of a linked axis its paths joined by " + "
  std::vector<std::string> paths;
  std::vector<Position> where;  // of each path's key in the study
  // values[i][j] goes to paths[j]; a none Value leaves that path as written.
  std::vector<std::vector<Value>> values;
  std::vector<std::string> labels;  // of each value, as tables show it
};

// Every variant of a study (the replicate apart), lazily: variant i is decoded from i, so a sweep
// of a million cells costs no memory. Order: the last axis written runs fastest.
class Design {
 public:
  // Reads [sweep]; null or empty table: one variant. `study_seed` feeds random designs. Reports
  // every mistake of form: empty axes, duplicate paths, unequal linked lengths, bad ranges, bad
  // expressions. Whether paths lead anywhere is checked by whoever knows the stages.
  // `systems`: an axis made of something else than the sweep; it runs slowest.
  static Design parse(const Value* sweep, std::uint64_t study_seed, Diagnostics& out,
                      const std::optional<Axis>& systems = std::nullopt);

  const std::vector<Axis>& axes() const;
  std::uint64_t size() const;  // variants that remain after `exclude`
  // The value index of each axis in variant `i` (-1: the axis does not apply there). `out` has
  // axes().size() entries.
  void decode(std::uint64_t i, std::vector<int>& out) const;
  // Calls `visit(variant index, choice)` for every variant in order; stops when it returns false.
  using Visit = std::function<bool(std::uint64_t, const std::vector<int>&)>;
  void for_each(const Visit& visit) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace assay::design
