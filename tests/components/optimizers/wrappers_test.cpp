// Rules around other rules: clipping, sharpness-aware steps, averages of weights.
#include <cmath>

#include "components/stages/trainer.h"
#include "tests/components/optimizers/problem.h"
#include "tests/contracts/stage_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

const std::string kPlain = "{ use = \"sgd\", lr = 1.0, momentum = 0.0 }";

// Two parameters with given gradients.
struct Slopes : Problem {
  Slopes(std::vector<double> x, std::vector<double> y) {
    add("x", {2}, {0, 0});
    add("y", {1}, {0});
    loss = [x, y](nn::Tape& tape, const nn::Parameters& p, int) {
      return nn::add(slope(tape, p.get("x"), x), slope(tape, p.get("y"), y));
    };
  }
  std::vector<double> after_step(const std::string& text) {
    const auto rule = build<Optimizer>(text);
    step(*rule->begin(parameters, 1));
    return {at("x", 0), at("x", 1), at("y", 0)};
  }
};

void check_near(const std::vector<double>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    CHECK(got[i] == doctest::Approx(expected[i]).epsilon(1e-7));
}

// What training on the digits gives, by a model and an objective that draw and remember.
Ran trained(const std::string& optimizer) {
  static const auto data =
      run_stage(*build<Stage>("{ use = \"load\", dataset = \"iris\" }"), {}, 0).artifact;
  return run_stage(
      *build<Stage>(
          "{ use = \"train\", data = \"data\", objective = \"elr\", steps = 6, batch = 50, "
          "model = { use = \"mlp\", hidden = [8], hidden_gate = \"hard-concrete\" }, "
          "optimizer = " +
          optimizer + " }"),
      {{"data", data}}, 0);
}

}  // namespace

TEST_CASE("clip holds the norm of all gradients together, or each number") {
  const std::string norm = "{ use = \"clip\", limit = 6.5, optimizer = " + kPlain + " }";
  check_near(Slopes({3, 4}, {12}).after_step(norm), {-1.5, -2, -6});  // 13 to 6.5
  CHECK(Slopes({3, 4}, {4}).after_step(norm) == std::vector<double>{-3, -4, -4});
  CHECK(Slopes({3, -4}, {12})
            .after_step("{ use = \"clip\", by = \"value\", limit = 3.5, optimizer "
                        "= " +
                        kPlain + " }") == std::vector<double>{-3, 3.5, -3.5});
}

TEST_CASE("sam steps with the gradient at w + rho g / |g|") {
  Problem problem;
  problem.add("x", {2}, {1.0, -0.5});
  problem.add("y", {1}, {2.0});
  problem.add("frozen", {1}, {3.0}).frozen = true;
  problem.loss = [](nn::Tape& tape, const nn::Parameters& p, int) {
    nn::Var total = nn::sum(nn::square(nn::square(tape.parameter(p.get("x")))));
    total = nn::add(total, nn::sum(nn::square(tape.parameter(p.get("y")))));
    return nn::add(total, nn::sum(nn::square(tape.parameter(p.get("frozen")))));
  };
  const auto rule = build<Optimizer>(
      "{ use = \"sam\", rho = 0.25, optimizer = { use = \"sgd\", lr = 0.125, momentum = 0.5 } }");
  const auto state = rule->begin(problem.parameters, 3);
  std::vector<double> w = {1.0, -0.5, 2.0}, v = {0, 0, 0};
  const auto gradient = [](const std::vector<double>& at) {
    return std::vector<double>{4 * std::pow(at[0], 3), 4 * std::pow(at[1], 3), 2 * at[2]};
  };
  for (int t = 0; t < 3; ++t) {
    problem.step(*state);
    const std::vector<double> g = gradient(w);
    const double norm = std::sqrt(g[0] * g[0] + g[1] * g[1] + g[2] * g[2]);
    std::vector<double> moved = w;
    for (int i = 0; i < 3; ++i) moved[i] += 0.25 * g[i] / norm;
    const std::vector<double> there = gradient(moved);
    for (int i = 0; i < 3; ++i) {
      v[i] = 0.5 * v[i] + there[i];
      w[i] -= 0.125 * v[i];
    }
    check_near({problem.at("x", 0), problem.at("x", 1), problem.at("y", 0)}, w);
  }
  CHECK(problem.at("frozen", 0) == 3.0);
}

TEST_CASE("wrapped rules that change nothing give the bits of the rule inside") {
  const Ran plain = trained("{ use = \"sgd\", lr = 0.5 }");
  for (const char* wrapped :
       {"clip\", limit = 1e9", "sam\", rho = 0.0", "average\", decay = 0.0"}) {
    CAPTURE(wrapped);
    same_run(plain, trained("{ use = \"" + std::string(wrapped) +
                            ", optimizer = { use = \"sgd\", lr = 0.5 } }"));
  }
  const Ran sharp =
      trained("{ use = \"sam\", rho = 0.5, optimizer = { use = \"sgd\", lr = 0.5 } }");
  CHECK_FALSE(archive_of(*sharp.artifact) == archive_of(*plain.artifact));
}

TEST_CASE("average gives the mean of the last share of steps, or an exponential one") {
  // Weights go 1, 4, 9, … as the gradient is -(2 t + 1).
  const auto average = [](const std::string& how, int total, int shown) {
    Problem problem;
    problem.add("x", {1}, {0});
    int t = 0;
    problem.loss = [&](nn::Tape& tape, const nn::Parameters& p, int) {
      return slope(tape, p.get("x"), std::vector<double>{-(2.0 * t++ + 1)});
    };
    const auto rule =
        build<Optimizer>("{ use = \"average\", " + how + ", optimizer = " + kPlain + " }");
    const auto state = rule->begin(problem.parameters, total);
    for (int i = 0; i < shown; ++i) {
      problem.step(*state);
      CHECK(problem.at("x", 0) == (i + 1) * (i + 1));  // training does not see the average
    }
    state->finish(problem.parameters);
    return problem.at("x", 0);
  };
  CHECK(average("mean = \"uniform\", share = 0.5", 4, 4) == (9 + 16) / 2.0);
  CHECK(average("mean = \"uniform\", share = 1.0", 4, 4) == (1 + 4 + 9 + 16) / 4.0);
  CHECK(average("mean = \"uniform\", share = 0.01", 4, 4) == 16.0);
  CHECK(average("mean = \"uniform\", share = 0.25", 8, 3) == 9.0);  // none of those steps came
  // (1 + 4) / 2, then a quarter of what is new.
  CHECK(average("decay = 0.75", 4, 4) ==
        doctest::Approx(0.75 * (0.75 * 0 + (1 + 4 + 9) / 3.0) + 0.25 * 16));
  CHECK(average("decay = 0.25", 3, 3) == doctest::Approx(0.25 * (0.25 * 1 + 0.75 * 4) + 0.75 * 9));
}

TEST_CASE("trainings with wrapped rules go on from any state to the same bits") {
  const Inputs inputs = {
      {"data", run_stage(*build<Stage>("{ use = \"load\", dataset = \"iris\" }"), {}, 0).artifact}};
  for (const char* rule :
       {"{ use = \"average\", optimizer = \"sam\" }", "\"muon\"",
        "{ use = \"average\", mean = \"uniform\", share = 0.5, optimizer = { use = \"clip\", "
        "optimizer = \"lion\" } }"})
    stage_contract(
        "{ use = \"train\", data = \"data\", model = { use = \"mlp\", hidden = [4, 4] }, "
        "objective = \"elr\", steps = 5, batch = 40, optimizer = " +
            std::string(rule) + " }",
        inputs);
}

TEST_CASE("rules that evaluate steps again stand outermost, in trainings that offer it") {
  CHECK(error_of<Optimizer>("{ use = \"clip\", optimizer = \"sam\" }") ==
        "it.optimizer: \"sam\" evaluates steps again; only \"average\" may stand around it");
  CHECK(
      error_of<Optimizer>("{ use = \"sam\", optimizer = { use = \"average\", optimizer = \"sam\" } "
                          "}") ==
      "it.optimizer: \"average\" evaluates steps again; only \"average\" may stand around it");
  CHECK(error_of<Optimizer>("{ use = \"average\", optimizer = \"sam\" }").empty());
  CHECK(error_of<Stage>("{ use = \"train-sae\", data = \"data\", optimizer = \"sam\" }") ==
        "it.optimizer: \"sam\" evaluates steps again, which this stage does not offer");
  CHECK(error_of("pruner", "{ use = \"movement\", optimizer = \"sam\" }") ==
        "it.optimizer: \"sam\" evaluates steps again, which this pruner does not offer");
  Problem problem;
  problem.add("x", {1}, {1});
  problem.loss = [](nn::Tape& tape, const nn::Parameters& p, int) {
    return slope(tape, p.get("x"), std::vector<double>{1});
  };
  const auto rule = build<Optimizer>("\"sam\"");  // outlives its state
  const auto state = rule->begin(problem.parameters, 1);
  CHECK_THROWS_WITH(state->step(problem.parameters, problem.run(-1)),
                    "the optimizer evaluates steps again, which is not offered here");
}
