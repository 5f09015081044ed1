// Transcoders with a skip, and of several layers. Values by hand, and what their structure forbids.
#include <cmath>

#include "tests/contracts/sae_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

using Values = std::vector<double>;

TrainedSae declared(const std::string& text, const SaeFormat& format) {
  TrainedSae sae;
  sae.sae = build<Sae>(text);
  sae.features = format.features();
  sae.in.mean = nn::Tensor({format.features()});
  sae.targets = {"given"};
  sae.out.mean = nn::Tensor({format.outputs});
  sae.sae->declare(sae.parameters, format, Stream(1));
  return sae;
}

void set(TrainedSae& sae, std::string_view name, const Values& values) {
  nn::Tensor& to = sae.parameters.get(name).value;
  to = nn::Tensor::of(to.shape(), values);
}

double loss_on(const TrainedSae& sae, const nn::Tensor& x, const nn::Tensor& y) {
  nn::Tape tape;
  nn::Forward pass(tape, sae.parameters, true, Stream(7));
  return tape.scalar(sae.sae->loss(pass, tape.constant(x), tape.constant(y)));
}

// Two layers of one number and one latent each; every weight has a value, allowed or not.
TrainedSae two_layers() {
  TrainedSae sae = declared(
      "{ use = \"cross-layer-transcoder\", latents = 2, sparsity = 0.5, c = 0.1, silence = 0.25 }",
      {{1, 1}, 2, {1, 1}});
  set(sae, "encoder.weight", {1, 7, 7, 1});
  set(sae, "decoder.weight", {2, 3, 7, 5});
  set(sae, "log_threshold", {std::log(0.5), std::log(0.5)});
  return sae;
}

}  // namespace

TEST_CASE("skip-transcoder on one latent solved by hand") {
  TrainedSae sae = declared("{ use = \"skip-transcoder\", latents = 1, k = 1 }", {{2}, 1});
  const nn::Tensor x = nn::Tensor::of({1, 2}, Values{3, 1});
  CHECK(sae.reconstruct(x).get(0) == 0.0);  // at the start: the mean of what it gives
  set(sae, "encoder.weight", {1, 1});
  set(sae, "encoder.bias", {-1});
  set(sae, "decoder.weight", {2});
  set(sae, "decoder.bias", {1});
  set(sae, "skip.weight", {1, -2});
  // z = 3 + 1 - 1 = 3; 2 z + 1 + (3 - 2) = 8.
  CHECK(sae.encode(x).get(0) == 3.0);
  CHECK(sae.reconstruct(x).get(0) == 8.0);
  CHECK(loss_on(sae, x, nn::Tensor::of({1, 1}, Values{5})) == doctest::Approx(9.0));
}

TEST_CASE("skip-transcoder keeps the k largest, and has no skip where it is told so") {
  TrainedSae sae =
      declared("{ use = \"skip-transcoder\", latents = 8, k = 3, skip = false }", {{4}, 5});
  CHECK(sae.parameters.find("skip.weight") == nullptr);
  sae.parameters.get("encoder.bias").value.fill(20.0);
  sae.parameters.get("decoder.weight").value = nn::Tensor::normal({8, 5}, 1.0, Stream(2));
  const nn::Tensor x = nn::Tensor::normal({6, 4}, 1.0, Stream(3)),
                   y = nn::Tensor::normal({6, 5}, 1.0, Stream(4));
  const nn::Tensor codes = sae.encode(x), back = sae.reconstruct(x);
  double expected = 0.0;
  for (int i = 0; i < 6; ++i) {
    int kept = 0;
    for (int l = 0; l < 8; ++l) kept += codes.at(i, l) != 0.0 ? 1 : 0;
    CHECK(kept == 3);
    for (int j = 0; j < 5; ++j) expected += std::pow(back.at(i, j) - y.at(i, j), 2) / 6;
  }
  CHECK(loss_on(sae, x, y) == doctest::Approx(expected));
  CHECK(error_of<Sae>("{ use = \"skip-transcoder\", latents = 8 }") ==
        "it.k = 32 is more than the 8 latents");
}

TEST_CASE("cross-layer-transcoder on two layers solved by hand") {
  const TrainedSae sae = two_layers();
  // The first latent reads 1 and writes 2 and 3, the second reads 2 and writes 5 at its own layer.
  const nn::Tensor x = nn::Tensor::of({1, 2}, Values{1, 2});
  CHECK(sae.encode(x) == nn::Tensor::of({1, 2}, Values{1, 2}));
  CHECK(sae.reconstruct(x) == nn::Tensor::of({1, 2}, Values{2, 13}));
  const double fires = std::tanh(0.1 * std::sqrt(13.0)) + std::tanh(0.1 * 2 * 5);
  CHECK(loss_on(sae, x, nn::Tensor::of({1, 2}, Values{1, 10})) ==
        doctest::Approx(1 + 9 + 0.5 * fires));
  // A latent below its threshold gives nothing and costs the distance to it.
  const nn::Tensor low = nn::Tensor::of({1, 2}, Values{0.2, 2});
  CHECK(sae.reconstruct(low) == nn::Tensor::of({1, 2}, Values{0, 10}));
  CHECK(loss_on(sae, low, nn::Tensor::of({1, 2}, Values{0, 10})) ==
        doctest::Approx(0.5 * std::tanh(1.0) + 0.25 * 0.3 * std::sqrt(13.0)));
}

TEST_CASE("cross-layer-transcoder: a layer sees none behind it, and all see the ones before") {
  TrainedSae sae =
      declared("{ use = \"cross-layer-transcoder\", latents = 10 }", {{3, 4, 2}, 7, {2, 1, 4}});
  for (const char* name : {"encoder.weight", "decoder.weight"}) {
    nn::Tensor& rows = sae.parameters.get(name).value;
    rows = nn::Tensor::normal(rows.shape(), 1.0, Stream(5));
  }
  const nn::Tensor x = nn::Tensor::normal({1, 9}, 2.0, Stream(6));
  const nn::Tensor y = sae.reconstruct(x);
  const auto changed = [&](int input) {  // per layer
    nn::Tensor other = x;
    other.set(input, x.get(input) + 5.0);
    const nn::Tensor moved = sae.reconstruct(other);
    std::vector<bool> out(3);
    for (int j = 0; j < 7; ++j) {
      const std::size_t layer = j < 2 ? 0 : j < 3 ? 1 : 2;
      out[layer] = out[layer] || moved.get(j) != y.get(j);
    }
    return out;
  };
  CHECK(changed(1) == std::vector<bool>{true, true, true});
  CHECK(changed(4) == std::vector<bool>{false, true, true});
  CHECK(changed(8) == std::vector<bool>{false, false, true});
}

TEST_CASE("cross-layer-transcoder's gradient, of all but what its thresholds are estimated by") {
  const SaeFormat format{{3, 2}, 5, {2, 3}};
  const TrainedSae sae = declared(
      "{ use = \"cross-layer-transcoder\", latents = 7, silence = 0.3, bandwidth = 1e-9 }", format);
  const nn::Tensor x = nn::Tensor::normal({9, 5}, 1.0, Stream(3)),
                   y = nn::Tensor::normal({9, 5}, 1.0, Stream(4));
  const LossFn loss = [&](nn::Tape& tape, const nn::Parameters& parameters) {
    nn::Forward pass(tape, parameters, true, Stream(7));
    return sae.sae->loss(pass, tape.constant(x), tape.constant(y));
  };
  CHECK(gradient_error(sae.parameters, loss) < 1e-5);
}

TEST_CASE("cross-layer-transcoder learns thresholds as jump-relu does") {
  TrainedSae sae = two_layers();
  // Within half a bandwidth of 1: the error's slope by the first code is 2 (2 * (2 - 1) + 3 * (13 -
  // 10)), the penalty's 0.5 * 0.1 sqrt(13) (1 - tanh²); times -theta / bandwidth, and theta.
  nn::Tape tape;
  nn::Forward pass(tape, sae.parameters, true, Stream(7));
  tape.backward(sae.sae->loss(pass, tape.constant(nn::Tensor::of({1, 2}, Values{0.9, 2})),
                              tape.constant(nn::Tensor::of({1, 2}, Values{0.8, 9.7}))));
  const double t = std::tanh(0.1 * std::sqrt(13.0) * 0.9);
  const double slope = 2 * (2 * 1.0 + 3 * 3.0) + 0.5 * 0.1 * std::sqrt(13.0) * (1 - t * t);
  CHECK(tape.gradient_of(sae.parameters.get("log_threshold"))->get(0) ==
        doctest::Approx(-0.5 * 0.5 * slope).epsilon(1e-4));
}

TEST_CASE("cross-layer-transcoder says what does not fit") {
  CHECK_THROWS_WITH(declared("{ use = \"cross-layer-transcoder\", latents = 4 }", {{2, 2}, 3}),
                    "cross-layer-transcoder reads 2 sites and gives 1; it needs one for each");
  CHECK_THROWS_WITH(
      declared("{ use = \"cross-layer-transcoder\", latents = 1 }", {{2, 2}, 4, {2, 2}}),
      "cross-layer-transcoder: 1 latents cannot be shared by 2 layers");
}
