#include <cmath>

#include "components/gates/logit_gate.h"
#include "tests/contracts/gate_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

nn::Tensor gated(const Gate& gate, const nn::Parameters& parameters, bool training, int seed,
                 double* loss = nullptr) {
  nn::Tape tape;
  nn::Forward pass(tape, parameters, training, Stream(static_cast<std::uint64_t>(seed)));
  const nn::Var out = gate.apply(pass, "gate", tape.constant(nn::Tensor::full({2, 5}, 1.0)));
  for (const auto& one : pass.losses())
    if (loss) *loss += tape.scalar(one.value);
  return tape.value(out);
}

}  // namespace

TEST_CASE("every gate keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("gate")) gate_contract(text);
  gate_contract("{ use = \"sigmoid\", penalty = 0.3, temperature = 0.5 }");
  gate_contract("{ use = \"hard-concrete\", penalty = 0.3 }");
  gate_contract("{ use = \"softplus\", start = -20.0, penalty = 0.3, harden = true }");
  gate_contract("{ use = \"gumbel-sigmoid\", by_input = true, penalty = 0.3 }");
  gate_contract("{ use = \"gumbel-sigmoid\", hard = true, harden = false }", false);
  gate_contract("{ use = \"straight-through\", stochastic = false, gradient = \"identity\" }");
  gate_contract("{ use = \"straight-through\", by_input = true }");
  gate_contract("{ use = \"slope-annealing\", by_input = true, hard = false }", true);
  gate_contract("{ use = \"slope-annealing\", hard = false, curve = \"hard-sigmoid\" }", true);
  gate_contract("{ use = \"reinforce\", by_input = true, target = 0.5 }");
  gate_contract("{ use = \"glu\", curve = \"hard-sigmoid\", penalty = 0.3 }");
  gate_contract("{ use = \"topk\", k = 5 }");
}

TEST_CASE("hard-concrete: expected share of open gates against simulation") {
  const auto gate = build<Gate>("{ use = \"hard-concrete\", penalty = 1.0, start = 0.3 }");
  nn::Parameters parameters;
  gate->declare(parameters, "gate", 5, Stream(1));
  double expected = 0.0;
  (void)gated(*gate, parameters, false, 0, &expected);
  double open = 0.0;
  const int n = 4000;
  for (int seed = 0; seed < n; ++seed) {
    const nn::Tensor g = gated(*gate, parameters, true, seed);
    for (int j = 0; j < 5; ++j) open += g.at(0, j) > 0.0;
  }
  // Five standard errors of a share over 5 n draws.
  CHECK(std::abs(open / (5 * n) - expected) < 5 * 0.5 / std::sqrt(5.0 * n));
}

TEST_CASE("hard-concrete closes and opens fully in evaluation") {
  for (const double start : {-10.0, 10.0}) {
    const auto gate =
        build<Gate>("{ use = \"hard-concrete\", start = " + number_text(start) + " }");
    nn::Parameters parameters;
    gate->declare(parameters, "gate", 5, Stream(1));
    CHECK(gated(*gate, parameters, false, 0) == nn::Tensor::full({2, 5}, start > 0 ? 1.0 : 0.0));
  }
}

TEST_CASE("schedules by hand") {
  using namespace assay::gates;
  CHECK(annealed(Anneal::kConstant, 1.0, 5.0, 0.25) == 1.0);
  CHECK(annealed(Anneal::kLinear, 1.0, 5.0, 0.25) == 2.0);
  CHECK(annealed(Anneal::kExponential, 4.0, 1.0, 0.5) == doctest::Approx(2.0));
  for (const Anneal anneal : {Anneal::kLinear, Anneal::kExponential}) {
    CHECK(annealed(anneal, 3.0, 0.5, 0.0) == 3.0);
    CHECK(annealed(anneal, 3.0, 0.5, 1.0) == doctest::Approx(0.5));
  }
}

namespace {

// The first gate's value for a logit, at a share of training.
double value_at(const std::string& text, double progress, bool training) {
  const auto gate = build<Gate>(text);
  nn::Parameters parameters;
  gate->declare(parameters, "gate", 3, Stream(1));
  nn::Tape tape;
  nn::Forward pass(tape, parameters, training, Stream(1));
  pass.set_progress(progress);
  return tape.value(gate->apply(pass, "gate", tape.constant(nn::Tensor::full({1, 3}, 1.0)))).get(0);
}

double logistic(double a) {
  return 1.0 / (1.0 + std::exp(-a));
}

}  // namespace

TEST_CASE("temperatures and slopes follow training, and evaluation has the last ones") {
  const std::string sigmoid =
      "{ use = \"sigmoid\", start = 0.5, temperature = 1.0, final_temperature = 0.25, anneal = "
      "\"exponential\" }";
  CHECK(value_at(sigmoid, 0.0, true) == doctest::Approx(logistic(0.5)));
  CHECK(value_at(sigmoid, 0.5, true) == doctest::Approx(logistic(1.0)));
  CHECK(value_at(sigmoid, 1.0, false) == doctest::Approx(logistic(2.0)));
  const std::string slope = "{ use = \"slope-annealing\", start = -0.3, hard = false";
  CHECK(value_at(slope + " }", 0.5, true) == doctest::Approx(logistic(-0.9)));
  CHECK(value_at(slope + ", curve = \"hard-sigmoid\" }", 0.5, true) == doctest::Approx(0.05));
  CHECK(value_at(slope + " }", 1.0, false) == 0.0);
  CHECK(value_at("\"slope-annealing\"", 0.5, true) == 1.0);
}

TEST_CASE("hardening is a threshold at one half, in evaluation alone") {
  for (const char* use : {"sigmoid", "hard-concrete", "softplus"}) {
    const std::string soft = std::string("{ use = \"") + use + "\", start = ";
    for (const double start : {-1.0, 3.0}) {
      CAPTURE(use);
      const std::string text = soft + number_text(start);
      const double value = value_at(text + " }", 1.0, false);
      CHECK(value_at(text + ", harden = true }", 1.0, false) == (value > 0.5 ? 1.0 : 0.0));
      CHECK(value_at(text + ", harden = true }", 1.0, true) == value_at(text + " }", 1.0, true));
    }
  }
  CHECK(value_at("{ use = \"sigmoid\", start = 0.0, harden = true }", 1.0, false) == 0.0);
}

TEST_CASE("softplus: 1 - 1 / (1 + log(1 + e^a))") {
  for (const double a : {-20.0, -1.0, 0.0, 3.0, 20.0})
    CHECK(value_at("{ use = \"softplus\", start = " + number_text(a) + " }", 1.0, false) ==
          doctest::Approx(1.0 - 1.0 / (1.0 + std::log1p(std::exp(a)))).epsilon(1e-5));
}

TEST_CASE("topk keeps exactly k, those with the largest scores, ties to the lower feature") {
  for (const int features : {1, 2, 7, 30}) {
    const nn::Tensor x = nn::Tensor::normal({3, features}, 1.0, Stream(4));
    for (int k = 1; k <= features; ++k) {
      const auto gate = build<Gate>("{ use = \"topk\", k = " + std::to_string(k) + " }");
      nn::Parameters parameters;
      gate->declare(parameters, "gate", features, Stream(static_cast<std::uint64_t>(k)));
      nn::Tensor& score = parameters.get("gate.score").value;
      if (features > 1) score.set(0, score.get(1));
      const nn::Tensor open = apply_gate(*gate, parameters, x, true, 1).open;
      double kept = 0.0, least = 1e9, most = -1e9;
      for (int j = 0; j < features; ++j) {
        kept += open.get(j);
        if (open.get(j) > 0) least = std::min(least, score.get(j));
        if (open.get(j) == 0) most = std::max(most, score.get(j));
      }
      CHECK(kept == k);
      CHECK(least >= most);
      if (features > 1) CHECK(open.get(0) >= open.get(1));
    }
  }
}

TEST_CASE("topk without k keeps its share, rounded, and one at least") {
  for (const auto& [share, kept] : {std::pair{0.0, 1}, {0.3, 3}, {0.36, 4}, {1.0, 10}}) {
    const auto gate = build<Gate>("{ use = \"topk\", share = " + number_text(share) + " }");
    nn::Parameters parameters;
    gate->declare(parameters, "gate", 10, Stream(1));
    const nn::Tensor x = nn::Tensor::full({1, 10}, 1.0);
    const nn::Tensor open = apply_gate(*gate, parameters, x, false, 1).open;
    double sum = 0.0;
    for (int j = 0; j < 10; ++j) sum += open.get(j);
    CHECK(sum == kept);
  }
}

TEST_CASE("topk refuses more than there are") {
  const auto gate = build<Gate>("{ use = \"topk\", k = 6 }");
  nn::Parameters parameters;
  CHECK_THROWS_WITH_AS(gate->declare(parameters, "input_gate", 5, Stream(1)),
                       "topk: k = 6 is more than the 5 features of input_gate", std::runtime_error);
}

TEST_CASE("random keeps its share, others for another seed; the constant gates keep all or none") {
  const auto open = [](const std::string& text, std::uint64_t seed) {
    const auto gate = build<Gate>(text);
    nn::Parameters parameters;
    gate->declare(parameters, "gate", 40, Stream(seed));
    const nn::Tensor x = nn::Tensor::normal({2, 40}, 1.0, Stream(4));
    return apply_gate(*gate, parameters, x, false, 1).open;
  };
  const nn::Tensor first = open("{ use = \"random\", share = 0.3 }", 1);
  double kept = 0.0;
  for (int j = 0; j < 40; ++j) kept += first.get(j);
  CHECK(kept == 12);
  CHECK_FALSE(open("{ use = \"random\", share = 0.3 }", 2) == first);
  CHECK(open("\"always-open\"", 1) == nn::Tensor::full({40}, 1.0));
  CHECK(open("\"always-closed\"", 1) == nn::Tensor({40}));
}

TEST_CASE("gates by input see each example alone") {
  const auto gate = build<Gate>("\"glu\"");
  nn::Parameters parameters;
  gate->declare(parameters, "gate", 2, Stream(1));
  parameters.get("gate.logit.weight").value =
      nn::Tensor::of({2, 2}, std::vector<double>{1, 0, 2, -1});
  parameters.get("gate.logit.bias").value = nn::Tensor::of({2}, std::vector<double>{0.5, 0});
  const nn::Tensor x = nn::Tensor::of({2, 2}, std::vector<double>{1, 2, -1, 0.5});
  const nn::Tensor out = apply_gate(*gate, parameters, x, false, 1).out;
  const double wanted[] = {logistic(1.5), 2 * logistic(0.0), -logistic(-0.5), 0.5 * logistic(-2.5)};
  for (int i = 0; i < 4; ++i) CHECK(out.get(i) == doctest::Approx(wanted[i]));
}
