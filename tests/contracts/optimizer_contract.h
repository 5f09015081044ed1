#pragma once

#include "components/optimizers/optimizer.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

// Two weights and a matrix pulled towards 0 with unequal force, one entry of each masked, a weight
// without a gradient, and a frozen one. As a batch of two examples: one pulls all alike, the other
// the third column.
struct Descent : Passes {
  static constexpr int kSteps = 40;
  nn::Parameters parameters;
  nn::Tape tape;
  int steps = 0;

  explicit Descent(nn::Dtype dtype = nn::Dtype::kFloat32) : tape(dtype) {
    nn::Parameter& x = parameters.add("x", nn::Tensor::full({3}, 1.0, dtype), nn::Role::kWeight);
    x.mask = nn::Tensor::of({3}, std::vector<double>{1, 0, 1}, dtype);
    parameters.add("idle", nn::Tensor::full({2}, 1.0, dtype), nn::Role::kWeight);
    nn::Parameter& matrix = parameters.add(
        "matrix", nn::Tensor::of({2, 3}, std::vector<double>{1, 1, 1, 1, -1, 0.5}, dtype),
        nn::Role::kWeight);
    matrix.mask = nn::Tensor::of({2, 3}, std::vector<double>{0, 1, 1, 1, 1, 1}, dtype);
    parameters.add("frozen", nn::Tensor::full({3}, 1.0, dtype), nn::Role::kWeight).frozen = true;
    parameters.apply_masks();
  }
  double loss(bool backward) { return pull(backward, {1.0, 1.0, 3.0}); }
  void run(OptimizerState& state, int count) {
    for (int i = 0; i < count; ++i, ++steps) {
      (void)loss(true);
      state.step(parameters, Gradients(tape, this));
    }
  }

  const nn::Tape& again() override {
    (void)loss(true);
    return tape;
  }
  const nn::Tape& example(int i) override {
    (void)pull(true, i == 0 ? std::vector<double>{2, 2, 2} : std::vector<double>{0, 0, 4});
    return tape;
  }
  int batch() const override { return 2; }
  int examples() const override { return 8; }
  bool epochs() const override { return true; }
  Stream noise() const override {
    return Stream(7).fork("step", static_cast<std::uint64_t>(steps));
  }
  bool updates() const override { return false; }

 private:
  double pull(bool backward, const std::vector<double>& force) {
    tape.reset();
    const nn::Var by = tape.constant(nn::Tensor::of({3}, force));
    const auto pulled = [&](const char* name) {
      return nn::sum(nn::multiply_row(nn::square(tape.parameter(parameters.get(name))), by));
    };
    const nn::Var out = nn::add(nn::add(pulled("x"), pulled("matrix")), pulled("frozen"));
    if (backward) tape.backward(out);
    return tape.scalar(out);
  }
};

// Loss falls; masked weights stay 0; a parameter without a gradient stays as it is, but where noise
// must not tell who has one, and a frozen one in any case; a state that was saved and loaded goes
// on to the same bits, those at the end included; doubles go the way of floats.
inline void optimizer_contract(const std::string& text) {
  CAPTURE(text);
  const auto rule = build<Optimizer>(text);
  config_contract(*rule);
  const bool noisy = draws("optimizer", text);
  CHECK_MESSAGE((!noisy || rule->reevaluates()), "only Passes have random numbers to draw");

  Descent whole;
  const double before = whole.loss(false);
  const auto state = rule->begin(whole.parameters, Descent::kSteps);
  whole.run(*state, Descent::kSteps);
  Archive last;
  state->save(last, "state");
  state->finish(whole.parameters);
  CHECK(whole.loss(false) < before);
  const nn::Tensor& x = whole.parameters.get("x").value;
  CHECK(x.get(1) == 0.0);
  CHECK(whole.parameters.get("matrix").value.get(0) == 0.0);
  if (!noisy) CHECK(whole.parameters.get("idle").value == nn::Tensor::full({2}, 1.0));
  CHECK(whole.parameters.get("frozen").value == nn::Tensor::full({3}, 1.0));

  Descent halves;
  const auto first = rule->begin(halves.parameters, Descent::kSteps);
  halves.run(*first, Descent::kSteps / 2);
  Archive saved, again;
  first->save(saved, "state");
  const auto second = rule->begin(halves.parameters, Descent::kSteps);
  second->load(saved, "state");
  halves.run(*second, Descent::kSteps / 2);
  second->save(again, "state");
  CHECK(again == last);
  second->finish(halves.parameters);
  for (const nn::Parameter& p : whole.parameters)
    CHECK(halves.parameters.get(p.name).value == p.value);

  Descent exact(nn::Dtype::kFloat64);
  const auto precise = rule->begin(exact.parameters, Descent::kSteps);
  exact.run(*precise, 5);
  Descent single;
  const auto rounded = rule->begin(single.parameters, Descent::kSteps);
  single.run(*rounded, 5);
  for (const char* name : {"x", "matrix"})
    for (int i = 0; i < single.parameters.get(name).value.count(); ++i)
      CHECK(exact.parameters.get(name).value.get(i) ==
            doctest::Approx(single.parameters.get(name).value.get(i)).epsilon(1e-4));
}

}  // namespace assay::testing
