// Metrics of sparse autoencoders, by hand.
#include <cmath>

#include "components/metrics/logistic.h"
#include "tests/contracts/metric_contract.h"
#include "tests/contracts/sae_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

using Values = std::vector<double>;

std::map<std::string, double> measured(const std::string& metric, Evaluation& evaluation) {
  const Numbers numbers = measure(*build<Metric>(metric), evaluation);
  return {numbers.begin(), numbers.end()};
}

// relu on each of two features: codes are the features above 0.
struct Identity {
  TrainedSae sae = untrained_sae("{ use = \"relu-l1\", latents = 2 }", 2, 1);
  Data data;
  Evaluation evaluation;
  explicit Identity(const Values& rows) {
    const Values identity = {1, 0, 0, 1};
    sae.parameters.get("encoder.weight").value = nn::Tensor::of({2, 2}, identity);
    sae.parameters.get("decoder.weight").value = nn::Tensor::of({2, 2}, identity);
    data.test.count = static_cast<int>(rows.size()) / 2;
    data.test.features = nn::Tensor::of({data.test.count, 2}, rows);
    data.format = {false, 2, 0, 1, 2};
    evaluation.data = &data;
    evaluation.sae = &sae;
  }
};

// Three atoms along the axes, the second a child of the first, and an autoencoder of three latents.
struct Tree {
  TrainedSae sae = untrained_sae("{ use = \"relu-l1\", latents = 3 }", 3, 1);
  Data data;
  Evaluation evaluation;
  explicit Tree(const Values& decoder, const Values& encoder) {
    sae.parameters.get("decoder.weight").value = nn::Tensor::of({3, 3}, decoder);
    sae.parameters.get("encoder.weight").value = nn::Tensor::of({3, 3}, encoder);
    const Values codes = {1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 1};
    data.test.count = 4;
    data.test.features = nn::Tensor::of({4, 3}, codes);
    data.truth["codes"] = nn::Tensor::of({4, 3}, codes);
    data.truth["dictionary"] = nn::Tensor::of({3, 3}, Values{1, 0, 0, 0, 1, 0, 0, 0, 1});
    data.truth["parents"] = nn::Tensor::of({3}, Values{-1, 0, -1});
    evaluation.data = &data;
    evaluation.sae = &sae;
  }
};

}  // namespace

TEST_CASE("normalised mean squared error is 1 minus the explained variance") {
  Identity f({2, 1, 4, -1, 0, 3});
  // Left over: (-1)². Around the means 2 and 1: 4 + 4, and 4 + 4.
  CHECK(measured("\"normalised-mse\"", f.evaluation)["normalised-mse"] ==
        doctest::Approx(1.0 / 16));
  CHECK(measured("\"explained-variance\"", f.evaluation)["explained-variance"] ==
        doctest::Approx(15.0 / 16));
}

TEST_CASE("sizes and directions of reconstructions by hand") {
  Identity f({3, 4, -3, 4, 0, 0});
  // Codes (3, 4), (0, 4) and (0, 0), which are written at half their size.
  f.sae.parameters.get("decoder.weight").value = nn::Tensor::of({2, 2}, Values{0.5, 0, 0, 0.5});
  auto l1 = measured("\"l1\"", f.evaluation);
  CHECK(l1["l1"] == doctest::Approx(11.0 / 3));
  CHECK(l1["l1-written"] == doctest::Approx(5.5 / 3));
  CHECK(measured("\"l2-ratio\"", f.evaluation)["l2-ratio"] ==
        doctest::Approx((0.5 + 2.0 / 5) / 2));  // not of the example that is 0
  CHECK(measured("\"reconstruction-cosine\"", f.evaluation)["reconstruction-cosine"] ==
        doctest::Approx((1 + 0.8 + 0) / 3));
  auto mse = measured("\"reconstruction-mse\"", f.evaluation);
  CHECK(mse["reconstruction-mse-summed"] == doctest::Approx((2.25 + 4 + 9 + 4) / 3));
  CHECK(mse["reconstruction-mse"] == doctest::Approx((2.25 + 4 + 9 + 4) / 6));
  // What is not rebuilt at all is no bias: all is of half its size.
  CHECK(measured("\"relative-reconstruction-bias\"",
                 f.evaluation)["relative-reconstruction-bias"] == doctest::Approx(0.5));
}

TEST_CASE("the relative reconstruction bias is the best divisor") {
  Identity f({3, 1, -2, 4, 0.5, 2, 1, 1});
  f.sae.parameters.get("decoder.weight").value =
      nn::Tensor::of({2, 2}, Values{0.6, 0.3, -0.2, 0.9});
  const double gamma =
      measured("\"relative-reconstruction-bias\"", f.evaluation)["relative-reconstruction-bias"];
  const nn::Tensor &x = f.evaluation.targets(), &back = f.evaluation.reconstruction();
  const auto error = [&](double divisor) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < x.count(); ++i)
      sum += std::pow(back.get(i) / divisor - x.get(i), 2);
    return sum;
  };
  CHECK(gamma < 1.0);
  for (const double other : {0.5 * gamma, 0.99 * gamma, 1.01 * gamma, 1.0})
    CHECK(error(gamma) < error(other));
  f.sae.parameters.get("decoder.weight").value.fill(0.0);
  Evaluation nothing;
  nothing.data = &f.data;
  nothing.sae = &f.sae;
  CHECK_THROWS_WITH(
      measured("\"relative-reconstruction-bias\"", nothing),
      "relative-reconstruction-bias: reconstructions have nothing in common with the inputs");
}

TEST_CASE("atoms may share a latent in mmcs, and not in dictionary recovery") {
  Tree f({0.8, 0.6, 0, 0, 0, -1, 0, 0, -1}, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  // Cosines of the atoms with the first latent: 0.8, 0.6 and 0; the others point away.
  CHECK(measured("\"mmcs\"", f.evaluation)["mmcs"] == doctest::Approx(1.4 / 3));
  CHECK(measured("\"dictionary-recovery\"", f.evaluation)["dictionary-recovery"] ==
        doctest::Approx(0.8 / 3));
}

TEST_CASE("dead and dense latents and the quantiles of firing") {
  Identity f({1, -1, 2, -1, -1, -1, -1, -1});  // the first fires in half of the rows
  CHECK(measured("\"dead-latents\"", f.evaluation)["dead-latents"] == 0.5);
  CHECK(measured("\"dense-latents\"", f.evaluation)["dense-latents"] == 0.5);
  CHECK(measured("{ use = \"dense-latents\", above = 0.5 }", f.evaluation)["dense-latents"] == 0.0);
  auto histogram = measured("\"firing-histogram\"", f.evaluation);
  CHECK(histogram["firing-histogram-q5"] == doctest::Approx(std::log10(0.125)));
  CHECK(histogram["firing-histogram-q95"] == doctest::Approx(std::log10(0.125)));
  f.sae.parameters.get("encoder.bias").value.set(1, 5.0);
  Evaluation again;
  again.data = &f.data;
  again.sae = &f.sae;
  CHECK(measured("\"firing-histogram\"", again)["firing-histogram-q5"] ==
        doctest::Approx(std::log10(0.5)));
}

TEST_CASE("cosine of what latents read with what they write") {
  Identity f({1, 1});
  f.sae.parameters.get("encoder.weight").value = nn::Tensor::of({2, 2}, Values{3, 4, 0, -2});
  CHECK(measured("\"encoder-decoder-cosine\"", f.evaluation)["encoder-decoder-cosine"] ==
        doctest::Approx((0.6 - 1.0) / 2));
}

TEST_CASE("absorption is a child's latent in place of its parent's") {
  const Values plain = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  Tree good(plain, plain);
  CHECK(measured("\"absorption\"", good.evaluation)["absorption"] == 0.0);
  CHECK(measured("\"absorption\"", good.evaluation)["absorption-missed"] == 0.0);
  // The parent's latent stays off where the child is there, whose latent writes both.
  const Values absorbing = {1, 0, 0, 0.6, 0.8, 0, 0, 0, 1};
  const Values reading = {1, -2, 0, 0, 1, 0, 0, 0, 1};
  Tree absorbed(absorbing, reading);
  // The parent is active in rows 0, 1 and 3; swallowed in 1 and 3.
  CHECK(measured("\"absorption\"", absorbed.evaluation)["absorption"] == doctest::Approx(2.0 / 3));
  Tree missed(plain, reading);  // off, but nothing stands in for it
  CHECK(measured("\"absorption\"", missed.evaluation)["absorption"] == 0.0);
  CHECK(measured("\"absorption\"", missed.evaluation)["absorption-missed"] ==
        doctest::Approx(2.0 / 3));
  good.data.truth.erase("parents");
  CHECK_THROWS_WITH(measured("\"absorption\"", good.evaluation),
                    "absorption needs data whose truth has \"parents\": a dictionary whose atoms "
                    "have parents");
}

TEST_CASE("sparse probing finds the latent that tells a class") {
  Identity f({1, 1, 3, 1, 1, 2, 3, 2});
  f.data.test.labels = {0, 1, 0, 1};
  f.data.train = f.data.test;
  // The first feature tells all, the second nothing.
  auto probe = measured("{ use = \"sparse-probing\", k = 2 }", f.evaluation);
  CHECK(probe["sparse-probing"] == 1.0);
  CHECK(probe["sparse-probing-single"] == 1.0);
  // Labels that need both features: more on the second where the first has less.
  Identity sum({1, 1, 1, 2, 2, 1, 2, 2, 3, 1, 1, 3});
  sum.data.test.labels = {0, 0, 0, 1, 1, 1};
  sum.data.train = sum.data.test;
  auto both = measured("{ use = \"sparse-probing\", k = 2 }", sum.evaluation);
  CHECK(both["sparse-probing"] == 1.0);
  CHECK(both["sparse-probing-single"] < 1.0);
  sum.data.test.labels.pop_back();
  CHECK_THROWS_WITH(measured("\"sparse-probing\"", sum.evaluation),
                    "sparse-probing needs a label for each of the 6 rows, not 5");
}

TEST_CASE("a logistic probe weighs latents by what they say together") {
  // The class is the sign of the first feature less the second, which alone say little: differences
  // of means weigh both alike where deviations are.
  Identity f({4, 3, 9, 8, 14, 13, 3, 4, 8, 9, 12, 13});
  f.data.test.labels = {0, 0, 0, 1, 1, 1};
  f.data.train = f.data.test;
  auto means = measured("{ use = \"sparse-probing\", k = 2 }", f.evaluation);
  auto logistic =
      measured("{ use = \"sparse-probing\", k = 2, probe = \"logistic\", c = 100 }", f.evaluation);
  CHECK(logistic["sparse-probing"] == 1.0);
  CHECK(logistic["sparse-probing"] >= means["sparse-probing"]);
  CHECK(logistic["sparse-probing-single"] < 1.0);
  CHECK(error_of<Metric>("{ use = \"sparse-probing\", k = 300, probe = \"logistic\" }") ==
        "it.k: a logistic probe reads 256 latents at most");
}

TEST_CASE("logistic regression on counts has the logarithm of the odds ratio") {
  // Of 10 examples with x = 0 two are positive, of 20 with x = 1 fifteen; sides weigh alike: the
  // 17 positive ones 30 / 34 each, the 13 others 30 / 26.
  std::vector<double> x;
  std::vector<bool> positive;
  for (int i = 0; i < 30; ++i) {
    x.push_back(i < 10 ? 0.0 : 1.0);
    positive.push_back(i < 10 ? i < 2 : i < 25);
  }
  const auto fitted = metrics::fit_logistic(x, positive, 1e9);
  const double side = std::log(13.0 / 17);
  CHECK(fitted.intercept == doctest::Approx(std::log(2.0 / 8) + side));
  CHECK(fitted.weights[0] == doctest::Approx(std::log(15.0 / 5) - std::log(2.0 / 8)));
  // With the penalty: the slope in w and in b is 0.
  const auto held = metrics::fit_logistic(x, positive, 0.5);
  double by_weight = held.weights[0], by_intercept = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = 1 / (1 + std::exp(-held.weights[0] * x[i] - held.intercept));
    const double error = 0.5 * (positive[i] ? (p - 1) * 30 / 34 : p * 30 / 26);
    by_weight += error * x[i];
    by_intercept += error;
  }
  CHECK(by_weight == doctest::Approx(0.0).epsilon(1e-6));
  CHECK(by_intercept == doctest::Approx(0.0).epsilon(1e-6));
  CHECK(std::abs(held.weights[0]) < std::abs(fitted.weights[0]));
}

TEST_CASE("loss recovered is all with a perfect reconstruction and none with the ablation itself") {
  TrainedModel network = model("{ use = \"mlp\", hidden = [4] }", 3, 2);
  Data data;
  data.format = network.format;
  data.test = examples(10, 3, 2, 4);
  TrainedSae sae = untrained_sae("{ use = \"relu-l1\", latents = 4 }", 4, 1);
  sae.sites = {"hidden1.act"};
  nn::Tensor identity({4, 4});
  for (int i = 0; i < 4; ++i) identity.set(i * 5, 1.0);
  sae.parameters.get("encoder.weight").value = identity;  // activations of ReLU: rebuilt exactly
  sae.parameters.get("decoder.weight").value = identity;
  Evaluation evaluation;
  evaluation.model = &network;
  evaluation.data = &data;
  evaluation.sae = &sae;
  for (const char* baseline : {"zero", "mean"}) {
    const std::string text =
        std::string("{ use = \"loss-recovered\", baseline = \"") + baseline + "\" }";
    auto perfect = measured(text, evaluation);
    CHECK(perfect["loss-recovered"] == doctest::Approx(1.0));
    CHECK(perfect["loss-recovered-clean"] == measured("\"nll\"", evaluation)["nll"]);
    CHECK(perfect["loss-recovered-ablated"] != perfect["loss-recovered-clean"]);
    const std::string kl =
        std::string("{ use = \"kl-recovered\", baseline = \"") + baseline + "\" }";
    auto same = measured(kl, evaluation);
    CHECK(same["kl-recovered"] == doctest::Approx(1.0));
    CHECK(std::abs(same["kl-recovered-spliced"]) < 1e-9);
    CHECK(same["kl-recovered-ablated"] > 1e-3);
  }
  sae.parameters.get("decoder.weight").value.fill(0.0);
  CHECK(measured("\"kl-recovered\"", evaluation)["kl-recovered"] == doctest::Approx(0.0));
  CHECK(measured("\"loss-recovered\"", evaluation)["loss-recovered"] == doctest::Approx(0.0));
  sae.sites.clear();
  CHECK_THROWS_WITH(
      measured("\"loss-recovered\"", evaluation),
      "loss-recovered needs an autoencoder of one site of the model; this one reads the data");
}
