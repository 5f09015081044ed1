#include <cmath>

#include "tests/contracts/metric_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

std::map<std::string, double> measure(const std::string& metric, Evaluation& evaluation) {
  const Numbers numbers = testing::measure(*build<Metric>("\"" + metric + "\""), evaluation);
  return {numbers.begin(), numbers.end()};
}

std::string refusal(const std::string& metric, Evaluation& evaluation) {
  try {
    (void)measure(metric, evaluation);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return {};
}

// A linear model with logits = x, on two examples.
struct Fixture {
  TrainedModel trained = model("\"linear\"", 2, 2);
  Data data;
  Evaluation evaluation;
  Fixture() {
    trained.parameters.get("output.weight").value =
        nn::Tensor::of({2, 2}, std::vector<double>{1, 0, 0, 1});
    data.test.count = 2;
    data.test.features =
        nn::Tensor::of({2, 2}, std::vector<double>{std::log(3.0), 0, std::log(3.0), 0});
    data.test.labels = {0, 1};
    data.format = trained.format;
    evaluation.model = &trained;
    evaluation.data = &data;
  }
};

}  // namespace

TEST_CASE("every metric keeps the contract of its kind") {
  const Bench benches[] = {Bench(subject()),
                           Bench(model("\"vq-autoencoder\"", 6, 4)),
                           Bench(model("\"slot-autoencoder\"", 16, 4)),
                           number_bench(),
                           token_bench(),
                           text_bench(),
                           site_bench()};
  for (const ComponentSpec* spec : Registry::global().all("metric")) {
    bool measures = false;
    for (const Bench& bench : benches) measures = metric_contract(spec->name, bench) || measures;
    CHECK_MESSAGE(measures, spec->name << " measures nothing here");
  }
}

TEST_CASE("metrics of labels refuse a model that does not predict them") {
  const Bench reconstructor(model("\"autoencoder\"", 6, 4));
  Evaluation evaluation = reconstructor.evaluation("model data");
  for (const char* name : {"accuracy", "nll", "bits-per-char"})
    CHECK(refusal(name, evaluation) ==
          std::string(name) + ": outputs 24 x 6 are not 4 classes for each of 24 labels");
  const Bench classifier(subject());
  Bench unlabelled = classifier;
  unlabelled.data.test.labels.clear();
  Evaluation without = unlabelled.evaluation("model data");
  CHECK(refusal("accuracy", without) ==
        "accuracy: outputs 24 x 4 are not 4 classes for each of 0 labels");
}

TEST_CASE("an autoencoder of a site needs the model, and one of features needs features") {
  Bench bench(subject());
  bench.sae.sites = {"shared.act"};
  Evaluation evaluation = bench.evaluation("data sae");
  CHECK(refusal("l0", evaluation) ==
        "the autoencoder reads the site \"shared.act\": evaluating it needs the input model");
  bench.sae.sites.clear();
  bench.data.test.features = {};
  Evaluation tokens = bench.evaluation("data sae");
  CHECK(refusal("l0", tokens) == "the autoencoder reads features, and the data have none");
}

TEST_CASE("routing load by hand") {
  Fixture f;
  TrainedModel routed = model(
      "{ use = \"moe-mlp\", hidden = 2, experts = 4, expert_hidden = 2, router = { use = "
      "\"topk-softmax\", k = 1 } }",
      2, 2);
  // Equal logits go to the lowest expert: one has everything. cv = sqrt(4 - 1), entropy 0.
  routed.parameters.get("router.weight").value.fill(0.0);
  f.evaluation.model = &routed;
  auto load = measure("routing-load", f.evaluation);
  CHECK(load["routing-load-cv"] == doctest::Approx(std::sqrt(3.0)));
  CHECK(load["routing-load-entropy"] == doctest::Approx(0.0));
}

TEST_CASE("classification metrics by hand") {
  Fixture f;
  CHECK(measure("accuracy", f.evaluation)["accuracy"] == 0.5);
  const double nll = -0.5 * (std::log(0.75) + std::log(0.25));
  CHECK(measure("nll", f.evaluation)["nll"] == doctest::Approx(nll));
  CHECK(measure("bits-per-char", f.evaluation)["bits-per-char"] ==
        doctest::Approx(nll / std::log(2.0)));
  CHECK(measure("sparsity", f.evaluation)["sparsity"] == 0.5);
  CHECK(measure("parameter-count", f.evaluation)["parameter-count"] == 6);
  CHECK(measure("multiply-adds", f.evaluation)["multiply-adds"] == 4);
  CHECK(measure("bits-per-weight", f.evaluation)["bits-per-weight"] == 32);
  CHECK_THROWS(measure("routing-load", f.evaluation));
}

TEST_CASE("positions without a label do not count, and some must have one") {
  Fixture f;
  f.data.test.labels = {0, -1};
  CHECK(measure("accuracy", f.evaluation)["accuracy"] == 1.0);
  CHECK(measure("nll", f.evaluation)["nll"] == doctest::Approx(-std::log(0.75)));
  CHECK(measure("exact-match", f.evaluation)["exact-match"] == 1.0);
  f.data.test.labels = {-1, -1};
  CHECK(refusal("accuracy", f.evaluation) == "accuracy: the test split has no labels");
  CHECK(refusal("nll", f.evaluation) == "nll: the test split has no labels");
}

TEST_CASE("an exact match is right at every position that has a label") {
  Fixture f;  // whose outputs become class 0, then class 1
  f.trained.format = f.data.format = {false, 2, 0, 2, 2};
  f.trained.parameters = {};
  f.trained.model->declare(f.trained.parameters, f.trained.format, Stream(1));
  for (nn::Parameter& p : f.trained.parameters) p.value.fill(0.0);
  f.trained.parameters.get("output.bias").value =
      nn::Tensor::of({4}, std::vector<double>{1, 0, 0, 1});
  f.data.test.labels = {0, 1, 1, 1};  // right, half right
  CHECK(measure("exact-match", f.evaluation)["exact-match"] == 0.5);
  f.data.test.labels = {-1, 1, -1, -1};  // right where it counts, without labels
  CHECK(measure("exact-match", f.evaluation)["exact-match"] == 1.0);
}

TEST_CASE("metrics of regression by hand, on targets") {
  Fixture f;
  f.trained.format = f.data.format = {false, 2, 0, 1, 0, 2};
  f.data.test.labels.clear();
  f.data.test.features = nn::Tensor::of({2, 2}, std::vector<double>{1, 2, 3, 4});
  f.data.test.targets = nn::Tensor::of({2, 2}, std::vector<double>{1, 2, 5, 4});
  CHECK(measure("mse", f.evaluation)["mse"] == 1.0);  // one of four is 2 off
  // Residual 4; around the means (3, 3) the targets have 4 + 4 + 1 + 1.
  CHECK(measure("r2", f.evaluation)["r2"] == doctest::Approx(1 - 4.0 / 10));
  f.data.test.targets.fill(1.0);
  CHECK(refusal("r2", f.evaluation) == "r2: the targets of the test split do not vary");
  f.data.test.targets = nn::Tensor({2, 1});
  CHECK(refusal("r2", f.evaluation) == "r2: outputs 2 x 2 are no prediction of targets 2 x 1");
  f.data.test.targets = {};
  CHECK(refusal("mse", f.evaluation) == "mse: the data have no targets");
}

TEST_CASE("solved grids are told from wrong ones and from those that change a given") {
  Samples samples;
  samples.count = 3;
  samples.width = 16;
  const std::vector<int> solved = {1, 2, 3, 4, 3, 4, 1, 2, 2, 1, 4, 3, 4, 3, 2, 1};
  for (int copy = 0; copy < 3; ++copy)
    samples.tokens.insert(samples.tokens.end(), solved.begin(), solved.end());
  samples.tokens[16] = 2;  // the second grid breaks its row
  samples.prompts.assign(48, 0);
  samples.prompts[32] = 4;  // the third had another given
  samples.function_evaluations = 2.5;
  Evaluation evaluation;
  evaluation.samples = &samples;
  CHECK(measure("solved-fraction", evaluation)["solved-fraction"] == doctest::Approx(1.0 / 3));
  CHECK(measure("function-evaluations", evaluation)["function-evaluations"] == 2.5);
}

TEST_CASE("samples that are no Sudoku grids are refused") {
  Samples samples;
  samples.count = 1;
  samples.width = 16;
  samples.tokens.assign(16, 92);  // characters, drawn after a prompt of 8
  samples.prompts.assign(8, 0);
  Evaluation evaluation;
  evaluation.samples = &samples;
  CHECK(refusal("solved-fraction", evaluation) ==
        "solved-fraction needs 4x4, 6x6 or 9x9 Sudoku grids");
  samples.prompts.assign(16, 0);
  CHECK(measure("solved-fraction", evaluation)["solved-fraction"] == 0.0);
  samples.tokens[3] = -1;
  CHECK(measure("solved-fraction", evaluation)["solved-fraction"] == 0.0);
}

TEST_CASE("autoencoder metrics against a dictionary that is known") {
  TrainedSae sae;
  sae.sae = build<Sae>("{ use = \"topk\", latents = 3, k = 1 }");
  sae.features = 2;
  sae.in.mean = nn::Tensor({2});
  sae.sae->declare(sae.parameters, SaeFormat::plain(2), Stream(1));
  const std::vector<double> directions = {1, 0, 0, 1, -1, 0};
  sae.parameters.get("encoder.weight").value = nn::Tensor::of({3, 2}, directions);
  sae.parameters.get("decoder.weight").value = nn::Tensor::of({3, 2}, directions);
  Data data;
  data.test.count = 3;
  data.test.features = nn::Tensor::of({3, 2}, std::vector<double>{2, 0, 0, 3, -1, 1});
  data.truth["dictionary"] = nn::Tensor::of({2, 2}, std::vector<double>{1, 0, 0.6, 0.8});
  Evaluation evaluation;
  evaluation.data = &data;
  evaluation.sae = &sae;
  CHECK(measure("l0", evaluation)["l0"] == 1);
  CHECK(measure("dictionary-recovery", evaluation)["dictionary-recovery"] == doctest::Approx(0.9));
  // Reconstructions (2, 0), (0, 3), (0, 1): of the third, tied at 1, the lower latent is kept. The
  // residual is 1; means (1/3, 4/3); total variance 14/3 + 14/3.
  CHECK(measure("explained-variance", evaluation)["explained-variance"] ==
        doctest::Approx(1 - 1 / (28.0 / 3)));
  // By example: the third alone has a residual, 1 of (4/3)² + (1/3)² = 17/9.
  CHECK(measure("explained-variance-legacy", evaluation)["explained-variance-legacy"] ==
        doctest::Approx((1 + 1 + 1 - 9.0 / 17) / 3));
}

TEST_CASE("distinct n-grams by hand") {
  Samples samples;
  samples.count = 2;
  samples.width = 4;
  samples.tokens = {1, 2, 1, 2, 1, 2, 3, 4};  // 12 21 12 | 12 23 34
  Evaluation evaluation;
  evaluation.samples = &samples;
  double found = 0.0;
  build<Metric>("{ use = \"distinct\", n = 2 }")
      ->measure(evaluation, [&](const std::string& name, double value) {
        CHECK(name == "distinct-2");
        found = value;
      });
  CHECK(found == doctest::Approx(4.0 / 6));
  samples.width = 1;
  CHECK_THROWS(
      build<Metric>("\"distinct\"")->measure(evaluation, [](const std::string&, double) {}));
}
