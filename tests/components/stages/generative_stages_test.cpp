#include <cmath>

#include "components/saes/sae.h"
#include "components/samplers/sampler.h"
#include "tests/contracts/stage_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

// `stage` by a table of its parameters; inputs are looked up by name.
Ran run(const std::string& stage, const Inputs& inputs, std::uint64_t replicate = 0) {
  return run_stage(*build<Stage>(stage), inputs, replicate);
}

const TrainedSae& sae_of(const Ran& ran) {
  return dynamic_cast<const TrainedSae&>(*ran.artifact);
}

std::shared_ptr<const Data> dictionary_data() {
  return build<Dataset>(
             "{ use = \"sparse-dictionary\", features = 16, atoms = 20, active = 2, "
             "noise = 0.01, examples = 2000 }")
      ->make();
}

// Of each true atom the largest cosine with any latent; the mean over atoms. Independent of the
// metric, which matches atoms with distinct latents.
double mean_best_cosine(const nn::Tensor& atoms, const nn::Tensor& rows) {
  double total = 0.0;
  for (int a = 0; a < atoms.shape()[0]; ++a) {
    double best = -1.0;
    for (int l = 0; l < rows.shape()[0]; ++l) {
      double dot = 0.0;
      for (int j = 0; j < atoms.shape()[1]; ++j) dot += atoms.at(a, j) * rows.at(l, j);
      best = std::max(best, dot);
    }
    total += best;
  }
  return total / atoms.shape()[0];
}

std::shared_ptr<const TrainedModel> token_model(const DataFormat& format) {
  auto out = std::make_shared<TrainedModel>();
  out->model = build<Model>("\"linear\"");
  out->format = format;
  out->model->declare(out->parameters, format, Stream(5));
  return out;
}

const char* const kTrainSae =
    "{ use = \"train-sae\", data = \"data\", sae = { use = \"topk\", latents = 40, k = 2 }, "
    "optimizer = { use = \"adam\", lr = 0.003 }, steps = ";

}  // namespace

TEST_CASE("train-sae finds a planted dictionary that its start does not hold") {
  const auto data = dictionary_data();
  const nn::Tensor& atoms = data->truth.at("dictionary");
  const auto recovered = [&](int steps) {
    const Ran ran = run(kTrainSae + std::to_string(steps) + " }", {{"data", data}});
    return mean_best_cosine(atoms, sae_of(ran).parameters.get("decoder.weight").value);
  };
  CHECK(recovered(0) < 0.7);  // the best of 40 random directions in 16 dimensions: about 0.5
  CHECK(recovered(1500) > 0.95);
}

TEST_CASE("train-sae standardises by the training split, keeps unit rows, repeats itself") {
  const auto data = dictionary_data();
  const Ran ran = run(std::string(kTrainSae) + "60 }", {{"data", data}});
  const TrainedSae& sae = sae_of(ran);
  const nn::Tensor& x = data->train.features;
  double squares = 0.0;
  for (int j = 0; j < 16; ++j) {
    double sum = 0.0;
    for (int i = 0; i < data->train.count; ++i) sum += x.at(i, j);
    CHECK(sae.in.mean.get(j) == doctest::Approx(sum / data->train.count).epsilon(1e-4));
    for (int i = 0; i < data->train.count; ++i)
      squares += std::pow((x.at(i, j) - sae.in.mean.get(j)) * sae.in.scale.get(j), 2);
  }
  CHECK(squares / data->train.count == doctest::Approx(16.0).epsilon(1e-4));

  const nn::Tensor& rows = sae.parameters.get("decoder.weight").value;
  for (int r = 0; r < 40; ++r) {
    double norm = 0.0;
    for (int j = 0; j < 16; ++j) norm += rows.at(r, j) * rows.at(r, j);
    CHECK(norm == doctest::Approx(1.0).epsilon(1e-5));
  }
  REQUIRE(ran.curves.size() == 1);
  CHECK(ran.curves[0].name == "loss");
  CHECK(ran.curves[0].value.front() > ran.curves[0].value.back());

  const auto decoder = [&](std::uint64_t replicate) {
    return sae_of(run(std::string(kTrainSae) + "60 }", {{"data", data}}, replicate))
        .parameters.get("decoder.weight")
        .value;
  };
  CHECK(decoder(0) == rows);
  CHECK_FALSE(decoder(1) == rows);
}

TEST_CASE("train-sae reads the activations of a model at the site") {
  auto trained = std::make_shared<TrainedModel>(model("{ use = \"mlp\", hidden = [7] }", 16, 3));
  const Ran ran =
      run("{ use = \"train-sae\", data = \"data\", model = \"model\", site = \"hidden1.act\", "
          "sae = { use = \"topk\", latents = 10, k = 2 }, steps = 5 }",
          {{"data", dictionary_data()}, {"model", trained}});
  CHECK(sae_of(ran).features == 7);
  CHECK(sae_of(ran).sites == std::vector<std::string>{"hidden1.act"});
}

TEST_CASE("train-sae refuses tokens without a model and data that the model does not read") {
  const auto puzzles = build<Dataset>("{ use = \"sudoku\", puzzles = 20 }")->make();
  CHECK_THROWS_WITH(run(std::string(kTrainSae) + "1 }", {{"data", puzzles}}),
                    "the data are tokens; train-sae needs a model to turn them into numbers");
  const auto other = token_model({true, 8, 5, 1, 5});
  CHECK_THROWS_WITH(
      run("{ use = \"train-sae\", data = \"data\", model = \"model\", site = \"output\", "
          "steps = 1 }",
          {{"data", puzzles}, {"model", other}}),
      "the model reads 8 tokens of 5, the data have 16 tokens of 5");
}

TEST_CASE("sample prompts with the first examples of the split") {
  const auto puzzles = build<Dataset>("{ use = \"sudoku\", puzzles = 50 }")->make();
  const auto filler = token_model(puzzles->format);
  const Inputs inputs = {{"data", puzzles}, {"model", filler}};
  const auto prompts = [&](const std::string& options) {
    const Ran ran =
        run("{ use = \"sample\", model = \"model\", data = \"data\", sampler = \"unmask\"" +
                options + " }",
            inputs);
    return dynamic_cast<const Samples&>(*ran.artifact).prompts;
  };
  const auto& test = puzzles->test.tokens;
  CHECK(prompts(", count = 2") == std::vector<std::int32_t>(test.begin(), test.begin() + 32));
  CHECK(prompts(", count = 1000") == test);  // no more than there are
  CHECK(prompts(", count = 1000, split = \"valid\"") == puzzles->valid.tokens);
}

TEST_CASE("sample draws as many numbers as asked, given the labels in turn") {
  const auto mixture =
      build<Dataset>("{ use = \"gaussian-mixture\", components = 3, examples = 100 }")->make();
  const auto flow = std::make_shared<TrainedModel>(
      model("{ use = \"flow-mlp\", width = 4, hidden = 4, blocks = 1, conditional = true }", 2, 3));
  const Inputs inputs = {{"data", mixture}, {"model", flow}};
  const std::string stage =
      "{ use = \"sample\", model = \"model\", data = \"data\", count = 25, "
      "sampler = { use = \"euler\", steps = 2 } }";
  stage_contract(stage, inputs);
  const Ran ran = run(stage, inputs);
  const auto& drawn = dynamic_cast<const Samples&>(*ran.artifact);
  CHECK(drawn.values.shape() == nn::Shape{25, 2});
  REQUIRE(drawn.prompts.size() == 25);
  for (std::size_t i = 0; i < 25; ++i) CHECK(drawn.prompts[i] == mixture->test.labels[i % 10]);
  CHECK(drawn.shift.empty());  // these data are not normalised
}

TEST_CASE("sample refuses data that the model does not read") {
  const auto puzzles = build<Dataset>("{ use = \"sudoku\", puzzles = 20 }")->make();
  for (const auto& format : {DataFormat{true, 8, 5, 1, 5}, DataFormat{true, 16, 9, 16, 8}}) {
    CHECK_THROWS_AS(
        run("{ use = \"sample\", model = \"model\", data = \"data\", sampler = \"unmask\" }",
            {{"data", puzzles}, {"model", token_model(format)}}),
        std::runtime_error);
  }
  CHECK_THROWS_WITH(
      run("{ use = \"sample\", model = \"model\", data = \"data\", sampler = \"unmask\" }",
          {{"data", puzzles}, {"model", token_model({false, 16, 0, 1, 4})}}),
      "the model reads 16 features, the data have 16 tokens of 5");
}

TEST_CASE("every stage refuses data that its model does not read") {
  const auto digits = std::make_shared<TrainedModel>(model("\"linear\"", 64, 10));
  const auto other = build<Dataset>("\"breast-cancer\"")->make();
  for (const char* stage :
       {"{ use = \"prune\", model = \"model\", data = \"data\" }",
        "{ use = \"quantize\", model = \"model\", data = \"data\" }",
        "{ use = \"evaluate\", model = \"model\", data = \"data\", metrics = [\"accuracy\"] }"})
    CHECK_THROWS_WITH(run(stage, {{"model", digits}, {"data", other}}),
                      "the model reads 64 features, the data have 30 features");
}

TEST_CASE("accuracy refuses labels of other classes than the model's") {
  const auto three = std::make_shared<TrainedModel>(model("\"linear\"", 30, 3));
  const auto data = build<Dataset>("\"breast-cancer\"")->make();
  CHECK_THROWS_WITH(
      run("{ use = \"evaluate\", model = \"model\", data = \"data\", metrics = [\"accuracy\"] }",
          {{"model", three}, {"data", data}}),
      "accuracy: the model knows 3 classes, the data have 2");
}

TEST_CASE("training for 0 steps measures no loss") {
  const auto data = build<Dataset>("\"breast-cancer\"")->make();
  const std::string train = "{ use = \"train\", data = \"data\", model = \"linear\", steps = ";
  CHECK(run(train + "0 }", {{"data", data}}).metrics.empty());
  CHECK(run(train + "1 }", {{"data", data}}).metrics.size() == 1);
}
