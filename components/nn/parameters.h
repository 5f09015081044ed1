#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "components/nn/tensor.h"

namespace assay::nn {

// What a parameter is to those that reach it by name: pruners and quantizers touch weights alone.
enum class Role { kWeight, kBias, kEmbedding, kGate, kRouter, kOther };

// A named array that training changes. A weight of a linear layer is outputs x inputs, its name
// ends in ".weight", and its layer's input is the activation site "<layer>.in".
struct Parameter {
  std::string name;
  Tensor value;
  Role role = Role::kOther;
  Tensor mask;         // empty, or 0/1 of the same shape: pruned entries are 0 and stay 0
  double bits = 32.0;  // stored bits for each kept weight, scales and zero points included
  // For as long as a training says so, and not saved: no gradient, and no step.
  bool frozen = false;
};

// The named parameters of a model, in the order of declaration. References stay valid.
class Parameters {
 public:
  // Throws std::logic_error for a name declared twice.
  Parameter& add(std::string_view name, Tensor value, Role role);
  Parameter* find(std::string_view name);
  const Parameter* find(std::string_view name) const;
  Parameter& get(std::string_view name);  // throws std::runtime_error for an unknown name
  const Parameter& get(std::string_view name) const;

  // As find and get, looking first at the place after `place`, where the next layer's parameter
  // most likely is; `place` becomes that of the one found.
  const Parameter* find_after(std::string_view name, std::size_t& place) const;
  const Parameter& get_after(std::string_view name, std::size_t& place) const;

  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  std::size_t size() const { return items_.size(); }
  std::int64_t count() const;  // numbers in all parameters
  std::size_t bytes() const;

  Parameters to(Dtype dtype) const;
  // Multiplies every masked value by its mask.
  void apply_masks();

  void save(Archive& out, const std::string& prefix) const;
  static Parameters load(const Archive& in, const std::string& prefix);

 private:
  std::deque<Parameter> items_;
};

}  // namespace assay::nn
