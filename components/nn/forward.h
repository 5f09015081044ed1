#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "components/nn/tape.h"
#include "runner/registry/random.h"

namespace assay::nn {

// One forward pass of a model: its tape, its parameters, and the named places where others look in.
class Forward {
 public:
  // Sees the value at a site and may return another one of the same shape.
  using Hook = std::function<Var(std::string_view site, Var value)>;
  // A quantity of the pass that metrics read, e.g. how many tokens an expert received.
  struct Statistic {
    std::string name;
    Tensor value;
  };
  struct Loss {
    std::string name;
    Var value;  // scalar, already weighted
  };

  Forward(Tape& tape, const Parameters& parameters, bool training, Stream stream)
      : tape_(tape),
        parameters_(parameters),
        training_(training),
        stream_(stream) {}

  Tape& tape() { return tape_; }
  bool training() const { return training_; }
  const Parameters& parameters() const { return parameters_; }
  Var parameter(std::string_view name) { return tape_.parameter(parameters_.get(name)); }
  // Random numbers of this pass for one purpose.
  Stream stream(std::string_view purpose) const { return stream_.fork(purpose); }

  // Announces an activation site. Only what passes through here can be recorded or replaced.
  Var site(std::string_view name, Var value) {
    for (const Hook& hook : hooks_) value = hook(name, value);
    return value;
  }
  void add_hook(Hook hook) { hooks_.push_back(std::move(hook)); }
  // x (n x inputs) -> n x outputs, by "<name>.weight" and, where it exists, "<name>.bias";
  // announces the sites "<name>.in" and "<name>".
  Var linear(const std::string& name, Var x);

  // Adds to the training loss: balance, sparsity, commitment.
  void add_loss(std::string name, Var weighted) { losses_.push_back({std::move(name), weighted}); }
  const std::vector<Loss>& losses() const { return losses_; }
  void add_statistic(std::string name, Tensor value) {
    statistics_.push_back({std::move(name), std::move(value)});
  }
  const std::vector<Statistic>& statistics() const { return statistics_; }

 private:
  Tape& tape_;
  const Parameters& parameters_;
  bool training_;
  Stream stream_;
  std::vector<Hook> hooks_;
  std::vector<Loss> losses_;
  std::vector<Statistic> statistics_;
};

// Declares "<name>.weight" (outputs x inputs; normal, deviation sqrt(gain / inputs)) and, if asked,
// a zero "<name>.bias". Gain 2 suits ReLU (He et al. 2015), 1 a linear output.
void declare_linear(Parameters& out, const std::string& name, int inputs, int outputs, double gain,
                    const Stream& init, Role role = Role::kWeight, bool bias = true);

}  // namespace assay::nn
