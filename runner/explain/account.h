#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runner/registry/value.h"

namespace assay::explain {

// What keys know of one component, apart from the registry of this build: a stored cell is
// explained by the components that made it.
struct Part {
  enum class Is { kValue, kNumber, kComponent, kInput };
  struct Param {
    std::string name;
    Is is = Is::kValue;
    std::string kind;  // of a component inside
    bool list = false, optional = false, in_key = true;
    bool added = false;  // absent from keys while at its default
    Value fallback;
    bool operator==(const Param&) const = default;
  };
  int version = 1;
  bool draws = false;
  std::vector<Param> params;
  bool operator==(const Part&) const = default;
};
using Catalogue = std::map<std::string, Part>;  // by kind and name: "router.topk-softmax"

// A named value that goes into a key; of a component its name, its version and what is inside it.
struct Node {
  std::string text;
  int version = 0;
  bool fallback = false;  // nobody wrote it: the default
  Position where;
  std::vector<std::pair<std::string, Node>> inside;

  const Node* find(const std::string& name) const;
};

struct StageConfig {
  std::string name;
  Value written, chosen;  // before and after the axes set their values
};

// Sets a dotted path inside a stage's value, as an axis does; names of components and defaults grow
// into tables. `kind` is that of `value`: "stage" at first.
void set_inside(Value& value, const std::string& kind, const std::string& path, const Value& given,
                const Catalogue& parts);

// All that the keys of a cell's stages depend on: the stages that it needs, their order, and the
// study's seed where any of them draws random numbers. The replicate is left to the caller.
Node account(const std::vector<StageConfig>& stages, std::uint64_t seed, const Position& seed_where,
             const Catalogue& parts);
// The same of a cell of which only the values of its axes are known.
Node account_of_axes(const Value& axes);

struct Difference {
  enum class Kind { kValue, kVersion, kOnlyBefore, kOnlyAfter };
  Kind kind = Kind::kValue;
  std::string path;           // "data.noise"; its first part is the stage
  std::string before, after;  // values, or versions
  std::string component;      // whose version it is
  Position where;             // of `after`
  bool fallback = false;      // `after` is a default
  bool operator==(const Difference& other) const {
    return kind == other.kind && path == other.path && before == other.before &&
           after == other.after;
  }
};

// In the order of the accounts; stops at `limit`. Where a component is another one, what is inside
// it is not compared.
std::vector<Difference> differences(const Node& before, const Node& after,
                                    std::size_t limit = static_cast<std::size_t>(-1));

// "data.noise: 0.1 → 0.2 (study.toml:9)", "base: train version 3 → 4".
std::string text(const Difference& difference);

}  // namespace assay::explain
