#include <cmath>

#include "tests/components/support.h"
#include "tests/contracts/sae_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

double row_norm(const nn::Tensor& rows, int row) {
  double out = 0.0;
  for (int j = 0; j < rows.shape().back(); ++j) out += rows.at(row, j) * rows.at(row, j);
  return std::sqrt(out);
}

}  // namespace

TEST_CASE("every sparse autoencoder keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("sae")) sae_contract(text);
}

TEST_CASE("decoder rows have norm 1 at the start and after a step") {
  for (const char* use : {"topk", "relu-l1"}) {
    CAPTURE(use);
    TrainedSae sae = untrained_sae("\"" + std::string(use) + "\"", 6, 2);
    nn::Tensor& rows = sae.parameters.get("decoder.weight").value;
    for (int r = 0; r < rows.shape()[0]; ++r) CHECK(row_norm(rows, r) == doctest::Approx(1.0));
    const double ratio = rows.at(0, 0) / rows.at(0, 1);
    for (std::int64_t i = 0; i < rows.count(); ++i) rows.set(i, -2.5 * rows.get(i));
    sae.sae->after_step(sae.parameters);
    for (int r = 0; r < rows.shape()[0]; ++r) CHECK(row_norm(rows, r) == doctest::Approx(1.0));
    CHECK(rows.at(0, 0) / rows.at(0, 1) == doctest::Approx(ratio));  // directions stay
  }
}

TEST_CASE("topk keeps exactly the k largest pre-activations") {
  TrainedSae sae = untrained_sae("{ use = \"topk\", latents = 12, k = 4 }", 6, 2);
  // So large a bias that no pre-activation is negative: then k, not ReLU, decides what is kept.
  nn::Tensor& bias = sae.parameters.get("encoder.bias").value;
  bias.fill(50.0);
  const nn::Tensor x = nn::Tensor::normal({20, 6}, 1.0, Stream(3));
  const nn::Tensor codes = sae.encode(x), encoder = sae.parameters.get("encoder.weight").value;
  for (int i = 0; i < 20; ++i) {
    std::vector<double> all(12);
    for (int l = 0; l < 12; ++l) {
      all[static_cast<std::size_t>(l)] = 50.0;
      for (int j = 0; j < 6; ++j) all[static_cast<std::size_t>(l)] += encoder.at(l, j) * x.at(i, j);
    }
    std::vector<double> sorted = all;
    std::sort(sorted.rbegin(), sorted.rend());
    int kept = 0;
    for (int l = 0; l < 12; ++l) {
      const double value = all[static_cast<std::size_t>(l)];
      const bool large = value >= sorted[3];
      kept += codes.at(i, l) != 0.0;
      CHECK(codes.at(i, l) == doctest::Approx(large ? value : 0.0).epsilon(1e-6));
    }
    CHECK(kept == 4);
  }
  bias.fill(-50.0);  // nothing is positive: nothing is kept
  const nn::Tensor none = sae.encode(x);
  for (std::int64_t i = 0; i < none.count(); ++i) CHECK(none.get(i) == 0.0);
}

TEST_CASE("relu-l1 on one latent solved by hand") {
  TrainedSae sae = untrained_sae("{ use = \"relu-l1\", latents = 1, l1 = 0.5 }", 2, 1);
  sae.parameters.get("encoder.weight").value = nn::Tensor::of({1, 2}, std::vector<double>{2, 0});
  sae.parameters.get("decoder.weight").value = nn::Tensor::of({1, 2}, std::vector<double>{1, 0});
  sae.parameters.get("encoder.bias").value = nn::Tensor::of({1}, std::vector<double>{-1});
  sae.parameters.get("decoder.bias").value = nn::Tensor::of({2}, std::vector<double>{1, 0});
  // x = (3, 1): z = 2(3 - 1) - 1 = 3, x' = (4, 0), error 1 + 1. x = (1, 2): z = relu(-1) = 0,
  // x' = (1, 0), error 4. Loss (2 + 4) / 2 + 0.5 * 3 / 2.
  const nn::Tensor x = nn::Tensor::of({2, 2}, std::vector<double>{3, 1, 1, 2});
  CHECK(sae.encode(x) == nn::Tensor::of({2, 1}, std::vector<double>{3, 0}));
  CHECK(sae.reconstruct(x) == nn::Tensor::of({2, 2}, std::vector<double>{4, 0, 1, 0}));
  nn::Tape tape;
  CHECK(tape.scalar(sae_loss(*sae.sae, tape, sae.parameters, x)) == doctest::Approx(3.75));
}

TEST_CASE("a trained autoencoder is judged in the units of the activations") {
  TrainedSae sae = untrained_sae("{ use = \"topk\", latents = 2, k = 2 }", 2, 1);
  const std::vector<double> identity = {1, 0, 0, 1};
  sae.parameters.get("encoder.weight").value = nn::Tensor::of({2, 2}, identity);
  sae.parameters.get("decoder.weight").value = nn::Tensor::of({2, 2}, identity);
  sae.in.mean = nn::Tensor::of({2}, std::vector<double>{10, -2});
  sae.in.scale = nn::Tensor::full({2}, 0.5, nn::Dtype::kFloat64);
  const nn::Tensor x = nn::Tensor::of({1, 2}, std::vector<double>{14, 4});
  CHECK(sae.encode(x) == nn::Tensor::of({1, 2}, std::vector<double>{2, 3}));
  CHECK(sae.reconstruct(x) == x);
}

TEST_CASE("topk refuses more kept latents than there are") {
  Diagnostics out;
  Registry::global().validate("sae", config::parse_value("{ use = \"topk\", latents = 3, k = 4 }"),
                              "it", {}, out);
  REQUIRE(out.count() == 1);
  CHECK(out.sorted()[0].text.find("k = 4 is more than the 3 latents") != std::string::npos);
}
