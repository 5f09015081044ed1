#include <cmath>

#include "tests/contracts/optimizer_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

// The path of x from 1 under loss x² (gradient 2x).
std::vector<double> path(const Optimizer& rule, int steps) {
  nn::Parameters parameters;
  nn::Parameter& x = parameters.add("x", nn::Tensor::full({1}, 1.0), nn::Role::kWeight);
  const auto state = rule.begin(parameters, steps);
  nn::Tape tape;
  std::vector<double> out;
  for (int i = 0; i < steps; ++i) {
    tape.reset();
    tape.backward(nn::sum(nn::square(tape.parameter(x))));
    state->step(parameters, tape);
    out.push_back(x.value.get(0));
  }
  return out;
}

}  // namespace

TEST_CASE("sgd steps solved by hand") {
  const auto plain = path(*build<Optimizer>("{ use = \"sgd\", lr = 0.1, momentum = 0.5 }"), 2);
  CHECK(plain[0] == doctest::Approx(0.8));                      // v = 2
  CHECK(plain[1] == doctest::Approx(0.8 - 0.1 * (1.0 + 1.6)));  // v = 0.5 * 2 + 1.6
  const auto nesterov =
      path(*build<Optimizer>("{ use = \"sgd\", lr = 0.1, momentum = 0.5, nesterov = true }"), 1);
  CHECK(nesterov[0] == doctest::Approx(1 - 0.1 * (2 + 0.5 * 2)));
}

TEST_CASE("adam and adamw follow their algorithms") {
  for (const bool decoupled : {false, true}) {
    const std::string use = decoupled ? "adamw" : "adam";
    const auto got =
        path(*build<Optimizer>("{ use = \"" + use + "\", lr = 0.1, weight_decay = 0.2 }"), 10);
    double x = 1.0, m = 0.0, v = 0.0;
    for (int t = 1; t <= 10; ++t) {
      const double g = 2 * x + (decoupled ? 0.0 : 0.2 * x);
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      const double update =
          m / (1 - std::pow(0.9, t)) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
      x -= 0.1 * (update + (decoupled ? 0.2 * x : 0.0));
      CHECK(got[static_cast<std::size_t>(t - 1)] ==
            doctest::Approx(x).epsilon(1e-4));  // float against double
    }
  }
}

TEST_CASE("schedules warm up and then keep or lower the learning rate") {
  const auto check = [](const std::string& schedule, const std::vector<double>& expected) {
    CAPTURE(schedule);
    const auto rule =
        build<Optimizer>("{ use = \"sgd\", lr = 1.0, momentum = 0.0, " + schedule + " }");
    nn::Parameters parameters;
    nn::Parameter& x = parameters.add("x", nn::Tensor::full({1}, 0.0), nn::Role::kWeight);
    const auto state = rule->begin(parameters, static_cast<int>(expected.size()));
    nn::Tape tape;
    for (const double rate : expected) {
      const double before = x.value.get(0);
      tape.reset();
      tape.backward(nn::sum(tape.parameter(x)));  // gradient 1
      state->step(parameters, tape);
      CHECK(before - x.value.get(0) == doctest::Approx(rate).epsilon(1e-5));
    }
  };
  check("schedule = \"cosine\", warmup = 2", {0.5, 1.0, 1.0, 0.5 * (1 + std::cos(3.14159265 / 4)),
                                              0.5, 0.5 * (1 + std::cos(3 * 3.14159265 / 4))});
  check("schedule = \"constant\", warmup = 2", {0.5, 1.0, 1.0, 1.0});
  check("schedule = \"linear\", warmup = 2", {0.5, 1.0, 1.0, 0.75, 0.5, 0.25});
  check("schedule = \"step\"", {1.0, 1.0, 1.0, 1.0, 0.1, 0.1, 0.01, 0.01});
  check("schedule = \"step\", drop_at = [0.25], drop = 0.5, warmup = 3",
        {1 / 3.0, 2 / 3.0, 1, 0.5});
  check("schedule = \"inverse-sqrt\", warmup = 2",
        {0.5, 1.0, std::sqrt(2 / 3.0), std::sqrt(0.5), std::sqrt(0.4)});
  check("schedule = \"inverse-sqrt\"", {1.0, std::sqrt(0.5), std::sqrt(1 / 3.0)});
}

TEST_CASE("a schedule's later parameters leave keys alone at their defaults") {
  const auto key = [](const std::string& text) {
    return Registry::global().canonical("optimizer", config::parse_value(text)).text;
  };
  CHECK(key("{ use = \"sgd\", drop = 0.1 }").find("drop") == std::string::npos);
  CHECK(key("{ use = \"sgd\", drop = 0.2 }").find("drop = 0.2") != std::string::npos);
}

TEST_CASE("every optimizer keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("optimizer")) optimizer_contract(text);
  for (const char* text :
       {"{ use = \"clip\", by = \"value\", limit = 0.1 }",
        "{ use = \"sam\", optimizer = \"adam\" }",
        "{ use = \"average\", mean = \"uniform\", share = 0.4, optimizer = \"sam\" }",
        "{ use = \"muon\", except = [\"x\"], weight_decay = 0.1, schedule = \"linear\" }",
        "{ use = \"average\", optimizer = { use = \"dp\", noise = 0.1, optimizer = \"adamw\" } }"})
    optimizer_contract(text);
  for (const char* use : {"sgd", "adam", "adamw", "lion"})
    optimizer_contract("{ use = \"" + std::string(use) +
                       "\", lr = 0.05, weight_decay = 0.1, schedule = \"cosine\", warmup = 5 }");
}

TEST_CASE("what an optimizer forgets moves as at the start, and nothing else does") {
  for (const std::string use :
       {"\"sgd\"", "\"lion\"", "{ use = \"clip\", limit = 100.0, optimizer = \"sgd\" }",
        "{ use = \"muon\", optimizer = \"sgd\" }", "\"adam\""}) {
    CAPTURE(use);
    const auto rule = build<Optimizer>(use);
    // Slopes of 1, then of -1/4 once: momentum outweighs them unless it is forgotten.
    const auto last_step = [&](bool forget) {
      nn::Parameters parameters;
      nn::Parameter& x = parameters.add("x", nn::Tensor::full({3}, 1.0), nn::Role::kBias);
      const auto state = rule->begin(parameters, 6);
      nn::Tape tape;
      std::vector<double> before;
      for (int i = 0; i < 6; ++i) {
        if (i == 5 && forget) state->forget(0, 1, 1);
        before = {x.value.get(0), x.value.get(1), x.value.get(2)};
        tape.reset();
        tape.backward(nn::scale(nn::sum(tape.parameter(x)), i < 5 ? 1.0 : -0.25));
        state->step(parameters, tape);
      }
      for (int i = 0; i < 3; ++i) before[static_cast<std::size_t>(i)] -= x.value.get(i);
      return before;
    };
    const std::vector<double> kept = last_step(false), forgot = last_step(true);
    CHECK(kept[1] > 0);
    CHECK(forgot[1] < 0);
    CHECK(forgot[0] == kept[0]);
    CHECK(forgot[2] == kept[2]);
  }
}
