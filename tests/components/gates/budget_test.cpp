// What gates pay for being open, and the multipliers that hold them to a share.
#include <cmath>

#include "components/optimizers/optimizer.h"
#include "tests/contracts/gate_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

constexpr int kFeatures = 8;

// Features are worth 1/8, 2/8, … 1 where open: loss = mean of worth * (1 - gate).
nn::Var shortfall(nn::Forward& pass, const Gate& gate) {
  nn::Tape& tape = pass.tape();
  const nn::Var one = tape.constant(nn::Tensor::full({1, kFeatures}, 1.0));
  const nn::Var worth = tape.constant({1, kFeatures}, [](nn::Tensor& out) {
    for (int j = 0; j < kFeatures; ++j) out.set(j, (j + 1.0) / kFeatures);
  });
  return nn::mean(nn::multiply(worth, nn::subtract(one, gate.apply(pass, "gate", one))));
}

// Gates in evaluation after training on that.
nn::Tensor trained(const std::string& text, int steps,
                   const std::string& rule = "{ use = \"adam\", lr = 0.02 }") {
  const auto gate = build<Gate>(text);
  const auto optimizer = build<Optimizer>(rule);
  nn::Parameters parameters;
  gate->declare(parameters, "gate", kFeatures, Stream(1));
  const auto state = optimizer->begin(parameters, steps);
  nn::Tape tape;
  nn::Forward pass(tape, parameters, true, Stream(1));
  for (int i = 0; i < steps; ++i) {
    pass.set_progress(static_cast<double>(i) / steps);
    pass.begin(Stream(static_cast<std::uint64_t>(i)));
    tape.backward(pass.training_loss(shortfall(pass, *gate)));
    state->step(parameters, tape);
    pass.run_updates(parameters);
  }
  return apply_gate(*gate, parameters, nn::Tensor::full({1, kFeatures}, 1.0), false, 1).open;
}

double mean(const nn::Tensor& a) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < a.count(); ++i) sum += a.get(i);
  return sum / static_cast<double>(a.count());
}

}  // namespace

TEST_CASE("multipliers bring gates to the wanted share, the most valuable ones open") {
  for (const std::string use : {"sigmoid", "hard-concrete", "gumbel-sigmoid", "straight-through",
                                "reinforce", "slope-annealing", "softplus"}) {
    for (const double target : {0.25, 0.5}) {
      CAPTURE(use);
      CAPTURE(target);
      const nn::Tensor open = trained(
          "{ use = \"" + use + "\", penalty = 0.0, target = " + number_text(target) + " }", 3000);
      CHECK(mean(open) == doctest::Approx(target).epsilon(0.15));
      CHECK(open.get(kFeatures - 1) > open.get(0));
    }
  }
}

TEST_CASE("topk finds the most valuable gates by gradient descent") {
  const nn::Tensor open = trained("{ use = \"topk\", k = 3 }", 300, "{ use = \"sgd\", lr = 0.1 }");
  for (int j = 0; j < kFeatures; ++j) CHECK(open.get(j) == (j >= kFeatures - 3 ? 1.0 : 0.0));
}

TEST_CASE("without a budget gates that are worth something open, and a heavy penalty closes them") {
  CHECK(mean(trained("{ use = \"hard-concrete\", penalty = 0.0, start = -1.0 }", 1500)) > 0.9);
  CHECK(mean(trained("{ use = \"hard-concrete\", penalty = 10.0 }", 1500)) < 0.01);
}

TEST_CASE("the Lagrangian and its multipliers by hand") {
  const auto gate =
      build<Gate>("{ use = \"sigmoid\", start = 0.0, target = 0.2, multiplier_rate = 0.5 }");
  nn::Parameters parameters;
  gate->declare(parameters, "gate", 2, Stream(1));
  parameters.get("gate.multipliers").value = nn::Tensor::of({2}, std::vector<double>{2.0, 3.0});
  nn::Tape tape;
  nn::Forward pass(tape, parameters, true, Stream(1));
  (void)gate->apply(pass, "gate", tape.constant(nn::Tensor::full({1, 2}, 1.0)));
  REQUIRE(pass.losses().size() == 1);
  // c = 0.5, so c - t = 0.3: 2 * 0.3 + 3 * 0.09, and by a_j (2 + 2 * 3 * 0.3) * 0.25 / 2.
  CHECK(tape.scalar(pass.losses()[0].value) == doctest::Approx(0.87));
  tape.backward(pass.losses()[0].value);
  CHECK(tape.gradient_of(parameters.get("gate.logit"))->get(0) == doctest::Approx(0.475));
  CHECK(tape.gradient_of(parameters.get("gate.multipliers")) == nullptr);
  pass.run_updates(parameters);
  CHECK(parameters.get("gate.multipliers").value.get(0) == doctest::Approx(2.15));
  CHECK(parameters.get("gate.multipliers").value.get(1) == doctest::Approx(3.045));
}

TEST_CASE("in evaluation multipliers stay") {
  const auto gate = build<Gate>("{ use = \"sigmoid\", target = 0.2 }");
  nn::Parameters parameters;
  gate->declare(parameters, "gate", 2, Stream(1));
  nn::Tape tape;
  nn::Forward pass(tape, parameters, false, Stream(1));
  (void)gate->apply(pass, "gate", tape.constant(nn::Tensor::full({1, 2}, 1.0)));
  pass.run_updates(parameters);
  CHECK(parameters.get("gate.multipliers").value == nn::Tensor({2}));
}

TEST_CASE("gates refuse budgets that are none") {
  CHECK(error_of<Gate>("{ use = \"sigmoid\", target = 1.5 }") ==
        "it.target = 1.5 is out of range; allowed: 0 to 1");
  CHECK(error_of<Gate>("{ use = \"sigmoid\", penalty = -1.0 }") ==
        "it.penalty = -1.0 is out of range; allowed: at least 0");
  CHECK(error_of<Gate>("{ use = \"sigmoid\", final_temperature = 0.0 }") ==
        "it.final_temperature = 0.0 is out of range; allowed: above 0");
}
