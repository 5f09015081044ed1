#pragma once

#include "components/optimizers/optimizer.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

// A loss of one's own in double, as a batch of examples, each with a loss of its own too.
struct Problem : Passes {
  nn::Parameters parameters;
  nn::Tape tape{nn::Dtype::kFloat64};
  std::function<nn::Var(nn::Tape&, const nn::Parameters&, int)> loss;  // of example i; -1: of all
  int size = 1, of = 1, steps = 0;

  nn::Parameter& add(const char* name, nn::Shape shape, const std::vector<double>& values,
                     nn::Role role = nn::Role::kWeight) {
    return parameters.add(name, nn::Tensor::of(shape, values, nn::Dtype::kFloat64), role);
  }
  const nn::Tape& run(int i) {
    tape.reset();
    tape.backward(loss(tape, parameters, i));
    return tape;
  }
  void step(OptimizerState& state) {
    state.step(parameters, Gradients(run(-1), this));
    ++steps;
  }
  double at(const char* name, int i) const { return parameters.get(name).value.get(i); }

  const nn::Tape& again() override { return run(-1); }
  const nn::Tape& example(int i) override { return run(i); }
  int batch() const override { return size; }
  int examples() const override { return of; }
  bool epochs() const override { return true; }
  Stream noise() const override {
    return Stream(9).fork("step", static_cast<std::uint64_t>(steps));
  }
  bool updates() const override { return false; }
};

// sum(g * parameter): its gradient is g.
inline nn::Var slope(nn::Tape& tape, const nn::Parameter& parameter, const nn::Tensor& g) {
  return nn::sum(nn::multiply(tape.constant(g), tape.parameter(parameter)));
}
inline nn::Var slope(nn::Tape& tape, const nn::Parameter& parameter, const std::vector<double>& g) {
  return slope(tape, parameter, nn::Tensor::of(parameter.value.shape(), g, nn::Dtype::kFloat64));
}

}  // namespace assay::testing
