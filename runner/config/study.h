#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runner/config/ablation.h"
#include "runner/config/claims.h"
#include "runner/config/table.h"
#include "runner/design/design.h"
#include "runner/registry/diagnostics.h"
#include "runner/registry/registry.h"
#include "runner/registry/value.h"

namespace assay::config {

// What the command line adds to a study file.
struct Overrides {
  std::vector<std::string> set;  // "path.to.key=value", the value in TOML (or a bare word)
  std::string profile;
};

// What ends a cell by force: an amount, and how it was written ("study.limits.time = 10min").
struct Limit {
  double most = 0.0;  // seconds or bytes; 0: no limit
  std::string text;
};
struct Limits {
  Limit time, memory;
};

// One stage as written: its component and its parameters.
struct StageSpec {
  std::string name;
  Position where;  // of its table
  Value value;     // { use = …, … } without the generic keys below
  int cores = 1;
  double memory = 0.0;             // bytes that it needs; 0: unknown
  std::optional<bool> checkpoint;  // overrides the component's own choice
  double checkpoint_seconds = 0.0;
  Limits limits;
  const ComponentSpec* component = nullptr;
};

enum class Isolation { kThread, kProcess };

// A study as resolved: bases merged, profile and options applied, everything checked.
struct Study {
  std::string file;
  bool narrowed = false;  // by a profile or an option: axes may lack values that are written
  Value root;             // the resolved tree, positions kept
  std::string name, title, notes;
  std::uint64_t seeds = 1;  // number of replicates; where they are added, the most
  // Where seeds are added until claims are decided (rounds/until_decided.cpp): the least.
  std::optional<std::uint64_t> least_seeds;
  std::uint64_t seed = 0;
  Isolation isolation = Isolation::kThread;
  double checkpoint_seconds = 60.0;  // between the states that a long stage leaves
  Limits limits;                     // of every stage that says nothing else
  std::vector<std::string> plugins;
  std::vector<StageSpec> stages;
  std::optional<Ablation> ablation;
  design::Design design;
  TableSpec table;
  std::vector<Claim> claims;

  const StageSpec* stage(std::string_view name) const;
  std::vector<std::string> stage_names() const;
};

// Reads, merges and checks a study. Null where `out` has errors: all of them, not the first.
std::shared_ptr<const Study> load_study(const std::string& file, const Overrides& overrides,
                                        Diagnostics& out);

// The resolved tree before any check of meaning (extends, profile and options applied).
Value load_tree(const std::string& file, const Overrides& overrides, Diagnostics& out);

// The study as TOML; with `origin`, each line says where its value was written.
std::string show(const Value& root, bool origin);

}  // namespace assay::config
