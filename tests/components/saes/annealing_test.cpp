// p-anneal and gated-anneal: a penalty whose power falls while its weight is adapted.
#include "components/saes/annealing.h"

#include <cmath>

#include "tests/contracts/sae_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

using Values = std::vector<double>;

// The loss of one step at this share of training, and what it remembers.
double step_at(TrainedSae& sae, double progress, const nn::Tensor& x) {
  nn::Tape tape;
  nn::Forward pass(tape, sae.parameters, true, Stream(7));
  pass.set_progress(progress);
  const nn::Var input = tape.constant(x);
  const double loss = tape.scalar(sae.sae->loss(pass, input, input));
  pass.run_updates(sae.parameters);
  return loss;
}

// One latent that is what it reads and writes it: of numbers above 0 the penalty is all the loss.
TrainedSae identity(const std::string& options) {
  TrainedSae sae = untrained_sae("{ use = \"p-anneal\", latents = 1, " + options + " }", 1, 1);
  sae.parameters.get("encoder.weight").value.set(0, 1.0);
  sae.parameters.get("decoder.weight").value.set(0, 1.0);
  return sae;
}

nn::Tensor column(const Values& values) {
  return nn::Tensor::of({static_cast<int>(values.size()), 1}, values);
}

double falls(const TrainedSae& sae) {
  return sae.parameters.get("annealing").value.get(0);
}

}  // namespace

TEST_CASE("the gradient of a sum of powers") {
  for (const double p : {1.0, 0.7, 0.2}) {
    CAPTURE(p);
    nn::Parameters at;
    at.add("a", nn::Tensor::normal({4, 5}, 1.0, Stream(3)), nn::Role::kOther);
    const LossFn loss = [&](nn::Tape& tape, const nn::Parameters& parameters) {
      const nn::Var a = nn::relu(tape.parameter(parameters.get("a")));
      return nn::add(saes::sum_of_powers(a, p), nn::sum(nn::square(a)));
    };
    CHECK(gradient_error(at, loss) < 1e-5);
  }
  nn::Tape tape;
  const nn::Var a = tape.leaf(nn::Tensor::of({4}, Values{0, 4, -1, 1e-30}));
  const nn::Var sum = saes::sum_of_powers(a, 0.5);
  CHECK(tape.scalar(sum) == doctest::Approx(2.0));
  tape.backward(sum);
  CHECK(tape.gradient(a).get(0) == 0.0);
  CHECK(tape.gradient(a).get(1) == doctest::Approx(0.25));
  CHECK(tape.gradient(a).get(2) == 0.0);
  CHECK(tape.gradient(a).get(3) == doctest::Approx(0.5e4));  // that of 1e-8
}

TEST_CASE("the penalty stays what it was while its power falls") {
  TrainedSae sae = identity("l1 = 0.5, p_end = 0.5, start = 0.25, updates = 2");
  const nn::Tensor x = column({4, 1});
  for (const double progress : {0.0, 0.1, 0.25, 0.4, 0.625, 0.8, 1.0}) {
    CAPTURE(progress);
    CHECK(step_at(sae, progress, x) == doctest::Approx(0.5 * 5 / 2));
    CHECK(falls(sae) == (progress < 0.25 ? 0 : progress < 0.625 ? 1 : 2));
  }
  // By now p = 0.5, and the factors were 5 / (4^0.75 + 1) and (4^0.75 + 1) / 3.
  CHECK(step_at(sae, 0.9, column({9, 9})) == doctest::Approx(0.5 * 5 / 3 * 3));
}

TEST_CASE("the weight is adapted over the last batches alone") {
  TrainedSae sae = identity("l1 = 1.0, p_end = 0.5, start = 0.5, updates = 1, window = 2");
  for (const double z : {9.0, 4.0, 1.0})
    CHECK(step_at(sae, 0.1, column({z})) == doctest::Approx(z));
  // Sums of 4 and 1, with the next power 2 and 1.
  CHECK(step_at(sae, 0.5, column({16})) == doctest::Approx(5.0 / 3 * 4));
}

TEST_CASE("the power falls once in a step, and reaches its end") {
  TrainedSae sae = identity("p_end = 0.25, start = 0.0, updates = 10");
  const nn::Tensor x = column({4, 2});
  CHECK((step_at(sae, 0.95, x), falls(sae)) == 0.0);  // no batch has been seen yet
  CHECK((step_at(sae, 0.95, x), falls(sae)) == 1.0);
  for (int step = 0; step < 20; ++step) step_at(sae, 0.95, x);
  CHECK(falls(sae) == 10.0);
}

TEST_CASE("codes of 0 change neither power nor weight to anything but numbers") {
  TrainedSae sae = identity("start = 0.0");
  for (int step = 0; step < 5; ++step) CHECK(step_at(sae, 0.5, column({-1})) == 1.0);
  CHECK(sae.parameters.get("annealing").value.get(1) == 1.0);
}

TEST_CASE("where the power stays 1, p-anneal is relu-l1 and gated-anneal is gated") {
  const nn::Tensor x = nn::Tensor::normal({9, 6}, 1.0, Stream(4));
  const auto compare = [&](const std::string& annealed, const std::string& plain) {
    const std::string options = "latents = 12, l1 = 0.3, project = true";
    TrainedSae one =
        untrained_sae("{ use = \"" + annealed + "\", p_end = 1.0, " + options + " }", 6, 2);
    TrainedSae other = untrained_sae("{ use = \"" + plain + "\", " + options + " }", 6, 2);
    for (const double progress : {0.0, 0.4, 0.9})
      CHECK(step_at(one, progress, x) == doctest::Approx(step_at(other, progress, x)));
    CHECK(falls(one) > 0);
    CHECK(one.encode(x) == other.encode(x));
  };
  compare("p-anneal", "relu-l1");
  compare("gated-anneal", "gated");
}

TEST_CASE("gated-anneal's penalty is on the gates") {
  TrainedSae sae = untrained_sae(
      "{ use = \"gated-anneal\", latents = 1, l1 = 0.5, p_end = 0.5, start = 0.0, updates = 1 }", 1,
      1);
  for (const char* name : {"encoder.weight", "decoder.weight"})
    sae.parameters.get(name).value.set(0, 1.0);
  sae.parameters.get("magnitude.scale").value.set(0, std::log(3.0));
  // Gates 4 and 1, magnitudes three times as large: errors 8² + 2², none by the gates.
  const nn::Tensor x = column({4, 1});
  CHECK(step_at(sae, 0.5, x) == doctest::Approx((64 + 4 + 0.5 * 5) / 2));
  CHECK(step_at(sae, 0.5, x) == doctest::Approx((64 + 4 + 0.5 * 5) / 2));
  CHECK(falls(sae) == 1.0);
  CHECK(step_at(sae, 0.5, column({9})) == doctest::Approx(18 * 18 + 0.5 * 5 / 3 * 3));
}

TEST_CASE("p-anneal's gradient after its power has fallen") {
  TrainedSae sae = untrained_sae("{ use = \"p-anneal\", latents = 12, l1 = 0.3 }", 6, 2);
  const nn::Tensor x = nn::Tensor::normal({9, 6}, 1.0, Stream(4));
  for (int step = 0; step < 12; ++step) step_at(sae, 0.99, x);
  CHECK(falls(sae) == 10.0);
  // Not gradient_error: what is remembered moves the loss too, and has no gradient.
  nn::Parameters at = sae.parameters.to(nn::Dtype::kFloat64);
  nn::Tape tape(nn::Dtype::kFloat64), other(nn::Dtype::kFloat64);
  tape.backward(sae_loss(*sae.sae, tape, at, x));
  for (const char* name : {"encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"}) {
    nn::Parameter& p = at.get(name);
    for (std::int64_t i = 0; i < p.value.count(); ++i) {
      const double value = p.value.get(i);
      const auto moved = [&](double by) {
        p.value.set(i, value + by);
        other.reset();
        return other.scalar(sae_loss(*sae.sae, other, at, x));
      };
      const double slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
      p.value.set(i, value);
      CHECK(tape.gradient_of(p)->get(i) == doctest::Approx(slope).epsilon(1e-5));
    }
  }
}

TEST_CASE("p-anneal refuses a power of 0") {
  CHECK(error_of<Sae>("{ use = \"p-anneal\", p_end = 0.0 }") ==
        "it.p_end = 0.0 is out of range; allowed: above 0 and at most 1");
}
