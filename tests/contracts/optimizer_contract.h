#pragma once

#include "components/optimizers/optimizer.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

// Two weights pulled towards 0 with unequal force, one of them masked, and one without a gradient.
struct Descent {
  static constexpr int kSteps = 40;
  nn::Parameters parameters;
  nn::Tape tape;

  explicit Descent(nn::Dtype dtype = nn::Dtype::kFloat32) : tape(dtype) {
    nn::Parameter& x = parameters.add("x", nn::Tensor::full({3}, 1.0, dtype), nn::Role::kWeight);
    x.mask = nn::Tensor::of({3}, std::vector<double>{1, 0, 1}, dtype);
    parameters.add("idle", nn::Tensor::full({2}, 1.0, dtype), nn::Role::kWeight);
    parameters.apply_masks();
  }
  double loss(bool backward) {
    tape.reset();
    const std::vector<double> force = {1.0, 1.0, 3.0};
    const nn::Var out = nn::sum(nn::multiply(tape.constant(nn::Tensor::of({3}, force)),
                                             nn::square(tape.parameter(parameters.get("x")))));
    if (backward) tape.backward(out);
    return tape.scalar(out);
  }
  void run(OptimizerState& state, int steps) {
    for (int i = 0; i < steps; ++i) {
      (void)loss(true);
      state.step(parameters, tape);
    }
  }
};

// Loss falls; masked weights stay 0; a parameter without a gradient stays as it is; a state that
// was saved and loaded goes on to the same bits; doubles go the way of floats.
inline void optimizer_contract(const std::string& text) {
  CAPTURE(text);
  const auto rule = build<Optimizer>(text);
  config_contract(*rule);
  CHECK_MESSAGE(!draws("optimizer", text), "an update rule has no random numbers to draw");

  Descent whole;
  const double before = whole.loss(false);
  const auto state = rule->begin(whole.parameters, Descent::kSteps);
  whole.run(*state, Descent::kSteps);
  CHECK(whole.loss(false) < before);
  const nn::Tensor& x = whole.parameters.get("x").value;
  CHECK(x.get(1) == 0.0);
  CHECK(whole.parameters.get("idle").value == nn::Tensor::full({2}, 1.0));

  Descent halves;
  const auto first = rule->begin(halves.parameters, Descent::kSteps);
  halves.run(*first, Descent::kSteps / 2);
  Archive saved;
  first->save(saved, "state");
  const auto second = rule->begin(halves.parameters, Descent::kSteps);
  second->load(saved, "state");
  halves.run(*second, Descent::kSteps / 2);
  CHECK(halves.parameters.get("x").value == x);

  Descent exact(nn::Dtype::kFloat64);
  const auto precise = rule->begin(exact.parameters, Descent::kSteps);
  exact.run(*precise, 5);
  Descent single;
  const auto rounded = rule->begin(single.parameters, Descent::kSteps);
  single.run(*rounded, 5);
  for (int i = 0; i < 3; ++i)
    CHECK(exact.parameters.get("x").value.get(i) ==
          doctest::Approx(single.parameters.get("x").value.get(i)).epsilon(1e-4));
}

}  // namespace assay::testing
