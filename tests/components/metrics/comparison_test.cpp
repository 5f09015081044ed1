// Metrics that compare a model with another one, or with what is known of the data.
#include <cmath>

#include "tests/contracts/metric_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

std::map<std::string, double> measured(const std::string& metric, Evaluation evaluation) {
  const Numbers numbers = measure(*build<Metric>("\"" + metric + "\""), evaluation);
  return {numbers.begin(), numbers.end()};
}

nn::Tensor tensor(nn::Shape shape, const std::vector<double>& values) {
  return nn::Tensor::of(shape, values);
}

}  // namespace

TEST_CASE("mask overlap is kept by both over kept by either") {
  TrainedModel a = model("\"linear\"", 3, 2), b = a;
  Evaluation e;
  e.model = &a;
  e.reference = &b;
  CHECK(measured("mask-overlap", e)["mask-overlap"] == 1.0);
  a.parameters.get("output.weight").mask = tensor({2, 3}, {1, 1, 0, 0, 0, 1});
  CHECK(measured("mask-overlap", e)["mask-overlap"] == 0.5);
  b.parameters.get("output.weight").mask = tensor({2, 3}, {0, 1, 1, 0, 0, 1});
  CHECK(measured("mask-overlap", e)["mask-overlap"] == 0.5);
  a.parameters.get("output.weight").mask.fill(0.0);
  b.parameters.get("output.weight").mask.fill(0.0);
  CHECK(measured("mask-overlap", e)["mask-overlap"] == 1.0);
  const TrainedModel other = model("\"linear\"", 4, 2);
  e.reference = &other;
  CHECK_THROWS_WITH(measured("mask-overlap", e),
                    "mask-overlap: the reference has no output.weight of 2 x 3");
}

TEST_CASE("the perplexity ratio by hand, with the error of the mean over examples") {
  TrainedModel a = model("\"linear\"", 1, 2), b = a;
  for (TrainedModel* one : {&a, &b})
    for (const char* part : {"output.weight", "output.bias"})
      one->parameters.get(part).value.fill(0.0);
  // Logits (x, 0): log p(0) = -log(1 + exp(-x)).
  a.parameters.get("output.weight").value = tensor({2, 1}, {1, 0});
  Data data;
  data.format = a.format;
  data.test.count = 2;
  data.test.features = tensor({2, 1}, {1, 2});
  data.test.labels = {0, 0};
  Evaluation e;
  e.model = &a;
  e.reference = &b;
  e.data = &data;
  const double first = std::log1p(std::exp(-1.0)) - std::log(2.0),
               second = std::log1p(std::exp(-2.0)) - std::log(2.0);
  const double ratio = std::exp((first + second) / 2);
  auto found = measured("perplexity-ratio", e);
  CHECK(found["perplexity-ratio"] == doctest::Approx(ratio).epsilon(1e-6));
  // Two values: their standard deviation over the root of two is half their distance.
  CHECK(found["perplexity-ratio-error"] ==
        doctest::Approx(ratio * std::abs(first - second) / 2).epsilon(1e-5));
  e.reference = &a;
  CHECK(measured("perplexity-ratio", e)["perplexity-ratio"] == 1.0);
  CHECK(measured("perplexity-ratio", e)["perplexity-ratio-error"] == 0.0);
}

TEST_CASE("layer reconstruction error by hand, errors of earlier layers included") {
  TrainedModel a = model("{ use = \"mlp\", hidden = [2] }", 2, 2);
  a.parameters.get("hidden1.weight").value = tensor({2, 2}, {1, 0, 0, 1});
  a.parameters.get("output.weight").value = tensor({2, 2}, {1, 1, 0, 2});
  TrainedModel less = a;
  less.parameters.get("hidden1.weight").value = tensor({2, 2}, {1, 0, 0, 0});
  Data data;
  data.format = a.format;
  data.test.count = 1;
  data.test.features = tensor({1, 2}, {4, 3});
  Evaluation e;
  e.model = &less;
  e.reference = &a;
  e.data = &data;
  // Hidden (4, 3) against (4, 0): 3 of 5. Output (7, 6) against (4, 0).
  auto errors = measured("layer-reconstruction-error", e);
  const double output = std::sqrt((9.0 + 36.0) / (49.0 + 36.0));
  CHECK(errors["layer-reconstruction-error-hidden1"] == doctest::Approx(0.6));
  CHECK(errors["layer-reconstruction-error-output"] == doctest::Approx(output));
  CHECK(errors["layer-reconstruction-error"] == doctest::Approx((0.6 + output) / 2));
  e.model = &a;
  CHECK(measured("layer-reconstruction-error", e)["layer-reconstruction-error"] == 0.0);
}

TEST_CASE("layer reconstruction error is what the activations of each layer say") {
  for (const char* text :
       {"{ use = \"cnn\", channels = [3, 4] }",
        "{ use = \"transformer\", width = 4, hidden = 5, blocks = 2, experts = 3 }"}) {
    CAPTURE(text);
    const TrainedModel a = model(text, 16, 4);
    TrainedModel b = a;
    for (nn::Parameter& p : b.parameters)
      for (std::int64_t i = 0; p.role == nn::Role::kWeight && i < p.value.count(); i += 3)
        p.value.set(i, 0.0);
    Data data;
    data.format = a.format;
    data.test = examples(600, 16, 4, 3);  // two passes
    Evaluation e;
    e.model = &b;
    e.reference = &a;
    e.data = &data;
    auto errors = measured("layer-reconstruction-error", e);
    std::size_t layers = 0;
    for (const std::string& site : a.sites(data.test)) {
      if (!site.ends_with(".in")) continue;
      const std::string layer = site.substr(0, site.size() - 3);
      const nn::Tensor y = b.activations(data.test, layer),
                       expected = a.activations(data.test, layer);
      CHECK(errors.count("layer-reconstruction-error-" + layer) ==
            (y.shape() == expected.shape() ? 1 : 0));
      if (!(y.shape() == expected.shape())) continue;
      ++layers;
      double error = 0.0, size = 0.0;
      for (std::int64_t i = 0; i < y.count(); ++i) {
        error += std::pow(y.get(i) - expected.get(i), 2);
        size += std::pow(expected.get(i), 2);
      }
      CHECK(errors["layer-reconstruction-error-" + layer] ==
            doctest::Approx(std::sqrt(error / size)));
    }
    CHECK(layers > 2);
    CHECK(errors.size() == layers + 1);
  }
}

TEST_CASE("support recall and precision by hand") {
  TrainedModel m = model("{ use = \"mlp\", hidden = [2] }", 4, 2);
  m.parameters.get("hidden1.weight").value = tensor({2, 4}, {1, 0, 2, 3, 0, 0, 1, 0});
  Data data;
  data.format = m.format;
  data.test = examples(5, 4, 2, 1);
  data.truth["informative"] = tensor({4}, {1, 1, 1, 0});
  Evaluation e;
  e.model = &m;
  e.data = &data;
  auto found = measured("support-recall", e);  // reads 0, 2 and 3; 0, 1 and 2 matter
  CHECK(found["support-recall"] == doctest::Approx(2.0 / 3));
  CHECK(found["support-recall-precision"] == doctest::Approx(2.0 / 3));
  for (std::int64_t i = 3; i < 20; i += 4) data.test.features.set(i, 0.0);  // the third never comes
  CHECK(measured("support-recall", e)["support-recall-precision"] == 1.0);
  m.parameters.get("hidden1.weight").value.fill(0.0);
  CHECK(measured("support-recall", e)["support-recall"] == 0.0);
  data.truth["informative"] = tensor({3}, {1, 1, 1});
  CHECK_THROWS_WITH(measured("support-recall", e),
                    "support-recall: a support of 3 numbers for 4 features");
  data.truth.clear();
  CHECK_THROWS_WITH(measured("support-recall", e),
                    "support-recall needs data with a known support");
}

TEST_CASE("signal to noise of weights by hand, over what is quantized") {
  TrainedModel a = model("{ use = \"mlp\", hidden = [2] }", 2, 2);
  a.parameters.get("hidden1.weight").value = tensor({2, 2}, {3, 0, 0, 4});
  TrainedModel less = a;
  Evaluation e;
  e.model = &less;
  e.reference = &a;
  CHECK(measured("weight-snr", e)["weight-snr"] == 150.0);
  nn::Parameter& w = less.parameters.get("hidden1.weight");
  w.value = tensor({2, 2}, {3, 0, 0, 4.5});
  w.bits = 4.0;
  // Signal 25, noise 0.25. The output layer is not quantized.
  CHECK(measured("weight-snr", e)["weight-snr"] == doctest::Approx(20.0));
  less.parameters.get("output.weight").value.fill(7.0);
  CHECK(measured("weight-snr", e)["weight-snr"] == doctest::Approx(20.0));
  const TrainedModel other = model("\"linear\"", 4, 2);
  e.reference = &other;
  CHECK_THROWS_WITH(measured("weight-snr", e),
                    "weight-snr: the reference has no hidden1.weight of 2 x 2");
}

TEST_CASE("divergence and agreement of predictions by hand") {
  TrainedModel a = model("\"linear\"", 2, 2);
  a.parameters.get("output.weight").value = tensor({2, 2}, {1, 0, 0, 1});
  TrainedModel b = a;
  b.parameters.get("output.weight").value = tensor({2, 2}, {0, 0, 0, 1});
  Data data;
  data.format = a.format;
  data.test.count = 2;
  data.test.features = tensor({2, 2}, {std::log(3.0), 0, 0, std::log(2.0)});
  data.test.labels = {0, 1};
  Evaluation e;
  e.model = &b;
  e.reference = &a;
  e.data = &data;
  // 3/4, 1/4 taken for 1/2, 1/2; the second example is the same to both. The first is a tie for the
  // model, which goes to class 0, as the reference's prediction.
  const double first = 0.75 * std::log(1.5) + 0.25 * std::log(0.5);
  CHECK(measured("kl-from-reference", e)["kl-from-reference"] == doctest::Approx(first / 2));
  CHECK(measured("top1-agreement", e)["top1-agreement"] == 1.0);
  b.parameters.get("output.weight").value = tensor({2, 2}, {-1, 0, 0, 1});
  Evaluation again;
  again.model = &b;
  again.reference = &a;
  again.data = &data;
  CHECK(measured("top1-agreement", again)["top1-agreement"] == 0.5);
  const TrainedModel other = model("\"linear\"", 2, 3);
  Evaluation unlike;
  unlike.model = &a;
  unlike.reference = &other;
  unlike.data = &data;
  CHECK_THROWS_WITH(measured("kl-from-reference", unlike),
                    "kl-from-reference: the reference gives outputs 2 x 3, the model 2 x 2");
}
