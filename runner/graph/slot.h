#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "runner/config/study.h"
#include "runner/registry/key.h"

namespace assay::graph {

// What a parameter adds to its stage's key.
struct Digest {
  Key hash;
  bool draws = false;
  bool in_key = true;
  std::vector<int> inputs;  // stages that it names
};

// One parameter of one stage: its value as written and the axes that touch it. Digests are kept for
// each combination of those axes' values that occurs.
class Slot {
 public:
  Slot(const config::Study& study, const config::StageSpec& stage, const ParamSpec& param);

  const std::string& name() const { return param_->name; }
  bool is_input() const { return param_->type == ParamType::kInput; }
  // As written in the stage; none where it is left to its default.
  const Value& base() const { return base_; }
  // Under a choice of axis values; none where neither stage nor axis gives it.
  Value value(const std::vector<int>& choice) const;
  std::vector<int> inputs_of(const Value& value) const;

  // Checks the value under this choice and keeps its digest. Returns the index of the combination.
  std::uint64_t prepare(const std::vector<int>& choice, Diagnostics& out);
  const Digest& digest(const std::vector<int>& choice) const {
    return touches_.empty() ? fixed_ : digests_.at(index(choice));
  }

 private:
  struct Touch {
    int axis = 0;
    std::size_t path = 0;          // which of the axis's paths
    std::vector<std::string> sub;  // keys below the parameter
    Position where;
  };
  std::uint64_t index(const std::vector<int>& choice) const;
  std::string check_input(const std::string& stage, const std::string& type) const;

  const config::Study* study_;
  const config::StageSpec* stage_;
  const ParamSpec* param_;
  Value base_;
  std::vector<Touch> touches_;  // outer paths first, so that inner ones are set inside
  std::vector<int> axes_;       // distinct axes among them
  Digest fixed_;
  bool prepared_ = false;
  std::unordered_map<std::uint64_t, Digest> digests_;
};

}  // namespace assay::graph
