#include <cmath>

#include "tests/contracts/metric_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

double measured(const std::string& metric, Evaluation& evaluation) {
  const Numbers numbers = testing::measure(*build<Metric>("\"" + metric + "\""), evaluation);
  REQUIRE(numbers.size() == 1);
  CHECK(numbers[0].first == metric);
  return numbers[0].second;
}

}  // namespace

TEST_CASE("usage and perplexity of codes by hand") {
  // The code is the input itself: four vectors on a line, of which the rows take 0, 0, 0 and 2.
  TrainedModel coder = model(
      "{ use = \"vq-autoencoder\", hidden = [], latents = 1, features = 1, codebook = { use = "
      "\"vq\", codes = 4 } }",
      1, 0);
  coder.parameters.get("latent.weight").value.fill(1.0);
  coder.parameters.get("codes.vectors").value =
      nn::Tensor::of({4, 1}, std::vector<double>{0, 10, 20, 30});
  Data data;
  data.format = coder.format;
  data.test.count = 4;
  data.test.features = nn::Tensor::of({4, 1}, std::vector<double>{0, 1, -2, 19});
  Evaluation evaluation;
  evaluation.model = &coder;
  evaluation.data = &data;
  CHECK(measured("code-usage", evaluation) == doctest::Approx(0.5));
  const double entropy = -0.75 * std::log(0.75) - 0.25 * std::log(0.25);
  CHECK(measured("code-perplexity", evaluation) == doctest::Approx(std::exp(entropy)));
}

TEST_CASE("codes are counted over all batches and averaged over the stages of a codebook") {
  TrainedModel coder = model(
      "{ use = \"vq-autoencoder\", latents = 3, codebook = { use = \"residual-vq\", codes = 5 } }",
      4, 0);
  // All vectors far away but the first.
  for (const char* stage : {"codes.stage1.vectors", "codes.stage2.vectors"}) {
    nn::Tensor& vectors = coder.parameters.get(stage).value;
    for (std::int64_t i = 0; i < vectors.count(); ++i)
      vectors.set(i, i < vectors.shape()[1] ? 0.0 : 1e3);
  }
  Data data;
  data.format = coder.format;
  data.test.count = 700;
  data.test.features = nn::Tensor::normal({700, 4}, 1.0, Stream(2));
  Evaluation evaluation;
  evaluation.model = &coder;
  evaluation.data = &data;
  CHECK(measured("code-usage", evaluation) == doctest::Approx(0.2));
  CHECK(measured("code-perplexity", evaluation) == doctest::Approx(1.0));
  double counted = 0.0;
  for (const auto& statistic : evaluation.statistics()) counted += statistic.value.get(0);
  CHECK(counted == 700 * 3);  // the first group of two, in two batches
}

TEST_CASE("a model without a codebook has no codes to count") {
  const Bench plain(model("\"autoencoder\"", 6, 4));
  Evaluation evaluation = plain.evaluation("model data");
  for (const std::string name : {"code-usage", "code-perplexity"}) {
    std::string why;
    try {
      (void)measured(name, evaluation);
    } catch (const std::runtime_error& error) {
      why = error.what();
    }
    CHECK(why == name + ": the model has no codebook");
  }
}
