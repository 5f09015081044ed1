// Gradient estimators of binary gates against the gradient of the expected loss, enumerated over
// all 2^k draws. The loss is quadratic in the gates, L(z) = (w z - c)², so that the bias of the
// straight-through gradient is known too.
#include <array>
#include <cmath>

#include "tests/contracts/gate_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

constexpr int kGates = 4;
using Row = std::array<double, kGates>;
constexpr Row kWeight = {1.0, -0.7, 0.4, 1.6}, kLogit = {0.5, -1.0, 1.5, 0.2};
constexpr double kCentre = 0.8;

double probability(int j) {
  return 1.0 / (1.0 + std::exp(-kLogit[static_cast<std::size_t>(j)]));
}

Row exact_gradient_of_expected_loss() {
  Row out{};
  for (int draw = 0; draw < 1 << kGates; ++draw) {
    double p = 1.0, at = -kCentre;
    for (int j = 0; j < kGates; ++j) {
      const bool open = draw >> j & 1;
      p *= open ? probability(j) : 1.0 - probability(j);
      at += open ? kWeight[static_cast<std::size_t>(j)] : 0.0;
    }
    for (int j = 0; j < kGates; ++j)
      out[static_cast<std::size_t>(j)] += p * at * at * ((draw >> j & 1) - probability(j));
  }
  return out;
}

struct Estimate {
  Row mean{}, error{};                    // and its standard error
  double worst(const Row& truth) const {  // distance in standard errors
    double out = 0.0;
    for (std::size_t j = 0; j < kGates; ++j)
      out = std::max(out, std::abs(mean[j] - truth[j]) / error[j]);
    return out;
  }
};

// The gradient that training takes, over many draws.
Estimate estimate(const std::string& text, std::optional<double> baseline = {}, int n = 20000) {
  const auto gate = build<Gate>(text);
  nn::Parameters parameters;
  gate->declare(parameters, "gate", kGates, Stream(1));
  parameters.get("gate.logit").value = nn::Tensor::of({kGates}, kLogit);
  if (baseline)
    parameters.get("gate.baseline").value =
        nn::Tensor::of({2}, std::vector<double>{*baseline * 0.5, 0.5});
  nn::Tape tape;
  nn::Forward pass(tape, parameters, true, Stream(1));
  Row sum{}, squares{};
  for (int i = 0; i < n; ++i) {
    pass.begin(Stream(static_cast<std::uint64_t>(i)));
    const nn::Var z = gate->apply(pass, "gate", tape.constant(nn::Tensor::full({1, kGates}, 1.0)));
    const nn::Var wz =
        nn::sum(nn::multiply(z, tape.constant(nn::Tensor::of({1, kGates}, kWeight))));
    tape.backward(pass.training_loss(nn::square(nn::shift(wz, -kCentre))));
    const nn::Tensor& g = *tape.gradient_of(parameters.get("gate.logit"));
    for (std::size_t j = 0; j < kGates; ++j) {
      const double got = g.get(static_cast<std::int64_t>(j));
      sum[j] += got;
      squares[j] += got * got;
    }
  }
  Estimate out;
  for (std::size_t j = 0; j < kGates; ++j) {
    out.mean[j] = sum[j] / n;
    out.error[j] = std::sqrt((squares[j] / n - out.mean[j] * out.mean[j]) / n);
  }
  return out;
}

double distance(const Row& a, const Row& b) {
  double out = 0.0;
  for (std::size_t j = 0; j < kGates; ++j) out += (a[j] - b[j]) * (a[j] - b[j]);
  return std::sqrt(out);
}

}  // namespace

TEST_CASE("reinforce is unbiased with any baseline, and a good one makes it quieter") {
  const Row truth = exact_gradient_of_expected_loss();
  const Estimate none = estimate("\"reinforce\"", 0.0), expected = estimate("\"reinforce\"", 1.5),
                 wrong = estimate("\"reinforce\"", -4.0);
  CHECK(none.worst(truth) < 5);
  CHECK(expected.worst(truth) < 5);
  CHECK(wrong.worst(truth) < 5);
  for (std::size_t j = 0; j < kGates; ++j) {
    CHECK(expected.error[j] < none.error[j]);
    CHECK(none.error[j] < wrong.error[j]);
  }
}

TEST_CASE("straight-through is biased by p (1 - p) (2 p - 1) w² on a quadratic loss") {
  const Row truth = exact_gradient_of_expected_loss();
  Row biased = truth;
  for (int j = 0; j < kGates; ++j) {
    const double p = probability(j), w = kWeight[static_cast<std::size_t>(j)];
    biased[static_cast<std::size_t>(j)] += p * (1 - p) * (2 * p - 1) * w * w;
  }
  const Estimate got = estimate("\"straight-through\"");
  CHECK(got.worst(biased) < 5);
  CHECK(got.worst(truth) > 20);
  // 13% of the gradient's length here.
  CHECK(distance(biased, truth) / distance(truth, {}) == doctest::Approx(0.126).epsilon(0.01));
}

TEST_CASE("gumbel-sigmoid is biased, the less the colder it is") {
  const Row truth = exact_gradient_of_expected_loss();
  const auto bias = [&](double temperature) {
    return distance(estimate("{ use = \"gumbel-sigmoid\", anneal = \"constant\", temperature = " +
                             number_text(temperature) + " }")
                        .mean,
                    truth) /
           distance(truth, {});
  };
  // Of the gradient's length: 39% at T = 1, 15% at 0.5, 2% at 0.1, sampling errors of about 1%
  // included.
  CHECK(bias(1.0) == doctest::Approx(0.39).epsilon(0.1));
  CHECK(bias(0.5) == doctest::Approx(0.15).epsilon(0.2));
  CHECK(bias(0.1) < 0.05);
}

TEST_CASE("a pass's training loss weighs scores by what the loss exceeds their baseline by") {
  nn::Parameters parameters;
  parameters.add("a", nn::Tensor::full({1}, 3.0), nn::Role::kGate);
  nn::Tape tape;
  nn::Forward pass(tape, parameters, true, Stream(1));
  const nn::Var a = pass.parameter("a");
  pass.add_loss("extra", tape.constant(nn::Tensor::full({1}, 4.0)));
  pass.add_score("known", nn::scale(a, 10.0), 1.5);
  pass.add_score("unknown", nn::scale(a, 1000.0), std::nullopt);
  tape.backward(pass.training_loss(tape.constant(nn::Tensor::full({1}, 2.0))));
  CHECK(pass.loss() == 6.0);
  CHECK(tape.gradient_of(parameters.get("a"))->get(0) == 45.0);  // (6 - 1.5) * 10
  pass.begin(Stream(1));
  CHECK(pass.scores().empty());
}

TEST_CASE("reinforce: the baseline is the weighted mean of the losses before") {
  const auto gate = build<Gate>("{ use = \"reinforce\", decay = 0.5 }");
  nn::Parameters parameters;
  gate->declare(parameters, "gate", 2, Stream(1));
  nn::Tape tape;
  nn::Forward pass(tape, parameters, true, Stream(1));
  const std::optional<double> wanted[] = {std::nullopt, 8.0, (8.0 / 2 + 2.0) / 1.5};
  const double losses[] = {8.0, 2.0, 0.0};
  for (std::size_t i = 0; i < 3; ++i) {
    pass.begin(Stream(i));
    (void)gate->apply(pass, "gate", tape.constant(nn::Tensor::full({1, 2}, 1.0)));
    REQUIRE(pass.scores().size() == 1);
    CHECK(pass.scores()[0].baseline.has_value() == wanted[i].has_value());
    if (wanted[i]) CHECK(*pass.scores()[0].baseline == doctest::Approx(*wanted[i]));
    (void)pass.training_loss(tape.constant(nn::Tensor::full({1}, losses[i])));
    pass.run_updates(parameters);
  }
}
