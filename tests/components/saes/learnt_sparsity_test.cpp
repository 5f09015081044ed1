// Autoencoders whose sparsity is learnt: gated, jump-relu, relu-l1's switches, transcoder and
// crosscoder. Values by hand, and the relations that their papers state.
#include <cmath>

#include "tests/contracts/sae_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

using Values = std::vector<double>;

void set(TrainedSae& sae, std::string_view name, const Values& values) {
  nn::Tensor& to = sae.parameters.get(name).value;
  to = nn::Tensor::of(to.shape(), values);
}

double loss_on(const TrainedSae& sae, const nn::Tensor& x) {
  nn::Tape tape;
  return tape.scalar(sae_loss(*sae.sae, tape, sae.parameters, x));
}

nn::Tensor gradient_on(const TrainedSae& sae, std::string_view name, const nn::Tensor& x) {
  nn::Tape tape;
  tape.backward(sae_loss(*sae.sae, tape, sae.parameters, x));
  return *tape.gradient_of(sae.parameters.get(name));
}

// One latent that reads 2 (x0 - 1) - 1 and writes along x0, as that of relu-l1 in saes_test.
TrainedSae one_latent(const std::string& text) {
  TrainedSae sae = untrained_sae(text, 2, 1);
  set(sae, "encoder.weight", {2, 0});
  set(sae, "decoder.weight", {1, 0});
  set(sae, "encoder.bias", {-1});
  set(sae, "decoder.bias", {1, 0});
  return sae;
}

const nn::Tensor kTwo = nn::Tensor::of({2, 2}, Values{3, 1, 1, 2});

}  // namespace

TEST_CASE("gated on one latent solved by hand") {
  TrainedSae sae = one_latent("{ use = \"gated\", latents = 1, l1 = 0.5 }");
  set(sae, "magnitude.scale", {std::log(0.5)});
  set(sae, "magnitude.bias", {1});
  // x = (3, 1): product 4, gate 3, magnitude 4 / 2 + 1 = 3; x' = (4, 0), error 2, and 2 by the
  // gate. x = (1, 2): product 0, gate -1: closed, though the magnitude is 1; error 4 twice.
  CHECK(sae.encode(kTwo).get(0) == doctest::Approx(3.0));
  CHECK(sae.encode(kTwo).get(1) == 0.0);
  CHECK(loss_on(sae, kTwo) == doctest::Approx((2 + 2 + 4 + 4 + 0.5 * 3) / 2));
}

TEST_CASE("gated's auxiliary loss does not reach the decoder") {
  const TrainedSae sae =
      untrained_sae("{ use = \"gated\", latents = 8, l1 = 0.0, project = false }", 5, 2);
  const nn::Tensor x = nn::Tensor::normal({7, 5}, 1.0, Stream(3));
  // The reconstruction alone: the decoder's gradient is 2 / n z' (D' z + b - x).
  const nn::Tensor z = sae.encode(x), back = sae.reconstruct(x);
  const nn::Tensor got = gradient_on(sae, "decoder.weight", x);
  for (int l = 0; l < 8; ++l)
    for (int j = 0; j < 5; ++j) {
      double expected = 0.0;
      for (int i = 0; i < 7; ++i) expected += 2.0 / 7 * z.at(i, l) * (back.at(i, j) - x.at(i, j));
      CHECK(got.at(l, j) == doctest::Approx(expected).epsilon(1e-4));
    }
  // The gates learn by the auxiliary loss: nothing else gives their bias a gradient.
  const nn::Tensor bias = gradient_on(sae, "encoder.bias", x);
  double size = 0.0;
  for (std::int64_t i = 0; i < bias.count(); ++i) size += std::abs(bias.get(i));
  CHECK(size > 0.01);
}

TEST_CASE("jump-relu on one latent solved by hand") {
  TrainedSae sae = one_latent(
      "{ use = \"jump-relu\", latents = 1, l0 = 0.5, bandwidth = 0.4, project = false }");
  // u = 3 and -1. At threshold 2.9 the first is kept as it is and lies within half a bandwidth.
  set(sae, "log_threshold", {std::log(2.9)});
  CHECK(sae.encode(kTwo) == nn::Tensor::of({2, 1}, Values{3, 0}));
  CHECK(loss_on(sae, kTwo) == doctest::Approx((2 + 4 + 0.5) / 2));
  // By theta: the error's slope by z is 2 / n (4 - 3) = 1, times -theta / bandwidth; the number's
  // -0.5 / n / bandwidth; and theta once more for its logarithm.
  CHECK(gradient_on(sae, "log_threshold", kTwo).get(0) ==
        doctest::Approx(2.9 * (-2.9 / 0.4 - 0.25 / 0.4)).epsilon(1e-4));
  set(sae, "log_threshold", {std::log(3.1)});
  CHECK(sae.encode(kTwo).get(0) == 0.0);
  set(sae, "log_threshold", {std::log(2.5)});  // too far from 3 for a gradient
  CHECK(gradient_on(sae, "log_threshold", kTwo).get(0) == 0.0);
}

TEST_CASE("jump-relu with a threshold of 0 is relu") {
  TrainedSae jump = untrained_sae("{ use = \"jump-relu\", latents = 12, l0 = 0.0 }", 6, 2);
  const TrainedSae relu = untrained_sae("{ use = \"relu-l1\", latents = 12, l1 = 0.0 }", 6, 2);
  jump.parameters.get("log_threshold").value.fill(-200.0);
  const nn::Tensor x = nn::Tensor::normal({9, 6}, 1.0, Stream(4));
  CHECK(jump.encode(x) == relu.encode(x));
  CHECK(loss_on(jump, x) == doctest::Approx(loss_on(relu, x)));
}

TEST_CASE("a projected gradient leaves out what lies along the decoder's rows") {
  for (const std::string options :
       {"use = \"relu-l1\", latents = 6, l1 = 0.3", "use = \"topk\", latents = 6, k = 3",
        "use = \"matryoshka\", latents = 6, k = 2, prefixes = [0.5, 1.0]"}) {
    CAPTURE(options);
    const TrainedSae plain = untrained_sae("{ " + options + " }", 4, 2);
    const TrainedSae projected = untrained_sae("{ project = true, " + options + " }", 4, 2);
    const nn::Tensor x = nn::Tensor::normal({9, 4}, 1.0, Stream(4));
    const nn::Tensor d = plain.parameters.get("decoder.weight").value;
    const nn::Tensor all = gradient_on(plain, "decoder.weight", x);
    const nn::Tensor kept = gradient_on(projected, "decoder.weight", x);
    for (int l = 0; l < 6; ++l) {
      double along = 0.0;
      for (int j = 0; j < 4; ++j) along += all.at(l, j) * d.at(l, j);
      for (int j = 0; j < 4; ++j)
        CHECK(kept.at(l, j) == doctest::Approx(all.at(l, j) - along * d.at(l, j)).epsilon(1e-4));
    }
    const LossFn loss = [&](nn::Tape& tape, const nn::Parameters& parameters) {
      return sae_loss(*projected.sae, tape, parameters, x);
    };
    CHECK(gradient_error(jittered(projected.parameters), loss) < 1e-5);
  }
}

TEST_CASE("a penalty warms up with the progress of training") {
  for (const char* use : {"relu-l1", "gated", "transcoder", "crosscoder", "april-update"}) {
    CAPTURE(use);
    const std::string options = "latents = 8, warmup = 0.5, l1 = ";
    const auto at = [&](double progress, const std::string& l1) {
      const TrainedSae sae =
          untrained_sae("{ use = \"" + std::string(use) + "\", " + options + l1 + " }", 5, 2);
      nn::Tape tape;
      nn::Forward pass(tape, sae.parameters, true, Stream(7));
      pass.set_progress(progress);
      const nn::Var x = tape.constant(nn::Tensor::normal({6, 5}, 1.0, Stream(3)));
      return tape.scalar(sae.sae->loss(pass, x, x));
    };
    CHECK(at(0.0, "2.0") == doctest::Approx(at(1.0, "0.0")));
    CHECK(at(0.25, "2.0") == doctest::Approx(at(1.0, "1.0")));
    CHECK(at(0.8, "2.0") == doctest::Approx(at(1.0, "2.0")));
  }
}

TEST_CASE("crosscoder on two sites solved by hand") {
  TrainedSae sae;
  sae.sae = build<Sae>("{ use = \"crosscoder\", latents = 1, l1 = 0.5 }");
  sae.features = 3;
  sae.in.mean = nn::Tensor({3});
  sae.sae->declare(sae.parameters, {{2, 1}, 3}, Stream(1));
  set(sae, "encoder.weight", {1, 0, 1});
  set(sae, "decoder.weight", {3, 4, 2});
  // z = 2; x' = (6, 8, 4); errors 25, 64, 9; the latent costs its norms at both sites, 5 + 2.
  const nn::Tensor x = nn::Tensor::of({1, 3}, Values{1, 0, 1});
  CHECK(loss_on(sae, x) == doctest::Approx(25 + 64 + 9 + 0.5 * 2 * 7));
}

TEST_CASE("april-update is a crosscoder of one site, and scales of codes and rows are one") {
  const std::string options = "latents = 8, l1 = 0.5";
  TrainedSae april = untrained_sae("{ use = \"april-update\", " + options + " }", 5, 2);
  const TrainedSae cross = untrained_sae("{ use = \"crosscoder\", " + options + " }", 5, 2);
  const nn::Tensor x = nn::Tensor::normal({6, 5}, 1.0, Stream(3));
  const double loss = loss_on(april, x);
  CHECK(loss == doctest::Approx(loss_on(cross, x)));
  nn::Tensor &encoder = april.parameters.get("encoder.weight").value,
             &decoder = april.parameters.get("decoder.weight").value;
  for (int j = 0; j < 5; ++j) {
    CHECK(encoder.at(0, j) == decoder.at(0, j));
    encoder.set(j, encoder.get(j) / 10);
    decoder.set(j, decoder.get(j) * 10);
  }
  CHECK(loss_on(april, x) == doctest::Approx(loss));
  april.sae->after_step(april.parameters);
  CHECK(loss_on(april, x) == doctest::Approx(loss));
}

TEST_CASE("transcoder on one latent solved by hand") {
  TrainedSae sae;
  sae.sae = build<Sae>("{ use = \"transcoder\", latents = 1, l1 = 0.5 }");
  sae.sae->declare(sae.parameters, {{2}, 1}, Stream(1));
  set(sae, "encoder.weight", {1, 1});
  set(sae, "encoder.bias", {-1});
  set(sae, "decoder.weight", {2});
  set(sae, "decoder.bias", {1});
  nn::Tape tape;
  nn::Forward pass(tape, sae.parameters, true, Stream(7));
  // z = 3 + 1 - 1 = 3, y' = 7, y = 5.
  const nn::Var loss = sae.sae->loss(pass, tape.constant(nn::Tensor::of({1, 2}, Values{3, 1})),
                                     tape.constant(nn::Tensor::of({1, 1}, Values{5})));
  CHECK(tape.scalar(loss) == doctest::Approx(4 + 0.5 * 3));
}
