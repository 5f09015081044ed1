// What train-sae learns from: sites of a model, held or computed part by part.
#include <cmath>
#include <set>

#include "components/metrics/metric.h"
#include "components/stages/sae_rows.h"
#include "tests/contracts/stage_contract.h"

using namespace assay;
using namespace assay::testing;
using assay::stages::SaeRows;

namespace {

// A network on 6 features with 5 hidden units, and 300 examples.
struct Bench {
  std::shared_ptr<TrainedModel> network =
      std::make_shared<TrainedModel>(model("{ use = \"mlp\", hidden = [5] }", 6, 3));
  std::shared_ptr<Data> data = std::make_shared<Data>();
  Bench() {
    data->name = "normal";
    data->format = network->format;
    data->train = examples(300, 6, 3, 4);
    data->test = examples(40, 6, 3, 5);
  }
  Inputs inputs() const { return {{"data", data}, {"model", network}}; }
};

std::string stage(const std::string& options) {
  return "{ use = \"train-sae\", data = \"data\", model = \"model\", batch = 20, " + options + " }";
}

}  // namespace

TEST_CASE("train-sae goes on to the same bits, whatever it reads") {
  const Bench bench;
  const std::string small = "sae = { use = \"batch-topk\", latents = 8, k = 2, dead_after = 40 }";
  for (const std::string& options : {
           "site = \"hidden1.act\", steps = 30, " + small,
           // 300 examples of 5 numbers are 6 kB: three parts of 100, of five batches each.
           "site = \"hidden1.act\", steps = 30, buffer = 0.002, " + small,
           std::string("sites = [\"hidden1.in\", \"hidden1.act\"], steps = 12, buffer = 0.004, sae "
                       "= { use = \"crosscoder\", latents = 8 }"),
           std::string("site = \"hidden1.in\", target_site = \"output\", steps = 12, sae = { use = "
                       "\"transcoder\", latents = 8 }"),
           std::string("site = \"hidden1.in\", target_site = \"output\", steps = 40, buffer = "
                       "0.004, sae = { use = \"transcoder\", latents = 8 }"),
           std::string("site = \"hidden1.act\", steps = 12, sae = { use = \"relu-l1\", latents = "
                       "8, resample_at = [6], dead_after = 3 }"),
           // The power falls before and after the place where it is stopped.
           std::string("site = \"hidden1.act\", steps = 24, sae = { use = \"p-anneal\", latents = "
                       "8, start = 0.1, updates = 5, window = 3 }"),
           std::string("sites = [\"hidden1.in\", \"output.in\"], target_sites = [\"hidden1.act\", "
                       "\"output\"], steps = 12, sae = { use = \"cross-layer-transcoder\", latents "
                       "= 9 }"),
       })
    stage_contract(stage(options), bench.inputs());
}

TEST_CASE("parts of the activations hold each row once, scaled alike") {
  const Bench bench;
  const stages::SaeSource source{
      bench.network.get(), bench.data->train, {"hidden1.act"}, {"output"}, {}};
  SaeRows all(source, Stream(3), 20, 1.0), parts(source, Stream(3), 20, 0.0032);  // 100 examples
  CHECK(all.format().widths == std::vector<int>{5});
  CHECK(all.format().outputs == 3);
  const auto rows_of = [](SaeRows& rows) {
    std::multiset<float> out;  // of an epoch, told by what the model gives, in its own units
    for (int batch = 0; batch < 15; ++batch) {
      const nn::Tensor given = rows.out().undo(rows.next().targets);
      for (int i = 0; i < 20; ++i)
        out.insert(static_cast<float>(std::round(given.at(i, 0) * 1e4) / 1e4));
    }
    return out;
  };
  CHECK(rows_of(all) == rows_of(parts));
  // The first part is a sample of the whole: its scale is close.
  CHECK(parts.in().scale.get(0) / all.in().scale.get(0) == doctest::Approx(1.0).epsilon(0.2));
}

TEST_CASE("a transcoder learns a known linear map") {
  Bench bench;
  *bench.network = model("\"linear\"", 6, 3);
  const Ran ran = run_stage(
      *build<Stage>(stage("site = \"output.in\", target_site = \"output\", steps = 1500, sae = { "
                          "use = \"transcoder\", latents = 24, l1 = 0.0 }, optimizer = { use = "
                          "\"adam\", lr = 1e-2, schedule = \"cosine\" }")),
      bench.inputs(), 0);
  const auto& sae = dynamic_cast<const TrainedSae&>(*ran.artifact);
  Evaluation evaluation;
  evaluation.model = bench.network.get();
  evaluation.data = bench.data.get();
  evaluation.sae = &sae;
  CHECK(evaluation.targets().shape() == nn::Shape{40, 3});
  CHECK(evaluation.reconstruction().shape() == nn::Shape{40, 3});
  build<Metric>("\"explained-variance\"")
      ->measure(evaluation, [](const std::string&, double value) { CHECK(value > 0.97); });
}

TEST_CASE("a skip takes over what is linear") {
  Bench bench;
  *bench.network = model("\"linear\"", 6, 3);
  const auto explained = [&](const std::string& skip) {
    const Ran ran = run_stage(
        *build<Stage>(stage("site = \"output.in\", target_site = \"output\", steps = 600, sae = { "
                            "use = \"skip-transcoder\", latents = 12, k = 1, skip = " +
                            skip + " }, optimizer = { use = \"adam\", lr = 1e-2 }")),
        bench.inputs(), 0);
    Evaluation evaluation;
    evaluation.model = bench.network.get();
    evaluation.data = bench.data.get();
    evaluation.sae = &dynamic_cast<const TrainedSae&>(*ran.artifact);
    double out = 0.0;
    build<Metric>("\"explained-variance\"")
        ->measure(evaluation, [&](const std::string&, double value) { out = value; });
    return out;
  };
  CHECK(explained("true") > 0.99);
  CHECK(explained("false") < 0.9);
}

TEST_CASE("several target sites stand side by side, each scaled by its own number") {
  const Bench bench;
  const std::vector<std::string> read = {"hidden1.in", "output.in"},
                                 given = {"hidden1.act", "output"};
  SaeRows rows({bench.network.get(), bench.data->train, read, given, {}}, Stream(3), 300, 256.0);
  CHECK(rows.format().widths == std::vector<int>{6, 5});
  CHECK(rows.format().given == std::vector<int>{5, 3});
  CHECK(rows.format().outputs == 8);
  const nn::Tensor y = rows.next().targets;
  double first = 0.0, second = 0.0;
  for (int i = 0; i < 300; ++i)
    for (int j = 0; j < 8; ++j) (j < 5 ? first : second) += y.at(i, j) * y.at(i, j) / 300;
  CHECK(first == doctest::Approx(5.0).epsilon(1e-4));
  CHECK(second == doctest::Approx(3.0).epsilon(1e-4));
}

TEST_CASE("centres and scales of activations") {
  using stages::Normalisation;
  const auto scaled = [](const std::vector<double>& values, Normalisation how) {
    const auto n = static_cast<int>(values.size() / 2);
    return stages::scaling_of(nn::Tensor::of({n, 2}, values), {2}, how);
  };
  const auto none = Normalisation::Scale::kNone;
  // The point of the least mean distance from the corners of a right triangle sees each pair of
  // them under 120 degrees: both coordinates are (3 - sqrt(3)) / 6.
  const Scaling corner =
      scaled({0, 0, 1, 0, 0, 1}, {Normalisation::Centre::kGeometricMedian, none});
  CHECK(corner.mean.get(0) == doctest::Approx((3 - std::sqrt(3.0)) / 6).epsilon(1e-4));
  CHECK(corner.mean.get(1) == doctest::Approx((3 - std::sqrt(3.0)) / 6).epsilon(1e-4));
  CHECK(corner.scale.empty());
  // An outlier that moves the mean does not move it, where it has a point of its own.
  const Scaling far =
      scaled({1, 2, 1, 2, 1, 2, 9, 9}, {Normalisation::Centre::kGeometricMedian, none});
  CHECK(far.mean.get(0) == doctest::Approx(1.0).epsilon(1e-4));
  CHECK(far.mean.get(1) == doctest::Approx(2.0).epsilon(1e-4));
  // Norms 5 and 13: their mean is 9, the mean of their squares 97.
  const auto nothing = Normalisation::Centre::kNone;
  const std::vector<double> two = {3, 4, 5, 12};
  CHECK(scaled(two, {nothing, Normalisation::Scale::kMeanNorm}).scale.get(1) ==
        doctest::Approx(std::sqrt(2.0) / 9));
  const Scaling square = scaled(two, {nothing, Normalisation::Scale::kMeanSquare});
  CHECK(square.scale.get(0) == doctest::Approx(std::sqrt(2.0 / 97)));
  CHECK(square.mean == nn::Tensor({2}));
}

TEST_CASE("each site of a crosscoder is scaled by its own number") {
  const Bench bench;
  const stages::SaeSource source{
      bench.network.get(), bench.data->train, {"hidden1.in", "output"}, {}, {}};
  SaeRows rows(source, Stream(3), 300, 256.0);
  CHECK(rows.format().widths == std::vector<int>{6, 3});
  const nn::Tensor x = rows.next().features;
  double first = 0.0, second = 0.0;
  for (int i = 0; i < 300; ++i)
    for (int j = 0; j < 9; ++j) (j < 6 ? first : second) += x.at(i, j) * x.at(i, j) / 300;
  CHECK(first == doctest::Approx(6.0).epsilon(1e-4));
  CHECK(second == doctest::Approx(3.0).epsilon(1e-4));
}

TEST_CASE("train-sae says what does not fit") {
  const auto error = [](const std::string& options) {  // without "it."
    return error_of<Stage>("{ use = \"train-sae\", data = \"data\"" + options + " }").substr(3);
  };
  CHECK(error(", model = \"m\", site = \"a\", target_site = \"b\"") ==
        "target_site: \"topk\" gives what it reads; a transcoder would do");
  CHECK(error(", model = \"m\"") ==
        "site: with a model it must name one of its sites, or sites several");
  CHECK(error(", model = \"m\", site = \"a\", sites = [\"b\"]") ==
        "site: with a model it must name one of its sites, or sites several");
  CHECK(error(", sites = [\"b\"]") == "site: it needs the input model");
  const std::string several = ", sae = \"cross-layer-transcoder\", sites = [\"a\", \"b\"]";
  CHECK(error(several + ", model = \"m\", target_sites = [\"c\"]") ==
        "target_sites: \"cross-layer-transcoder\" gives one for each site that it reads, not 1 for "
        "2");
  CHECK(error(several + ", target_sites = [\"c\", \"d\"]") ==
        "target_sites: it needs the input model");
  CHECK(error(several + ", model = \"m\", target_site = \"c\", target_sites = [\"d\"]") ==
        "target_sites: target_site names one already");
}
