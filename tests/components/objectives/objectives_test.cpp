#include <cmath>

#include "tests/components/normal_flow.h"
#include "tests/contracts/objective_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

double loss(const std::string& objective, const TrainedModel& m, const Examples& batch,
            int seed = 0) {
  nn::Tape tape;
  nn::Forward pass(tape, m.parameters, true, Stream(static_cast<std::uint64_t>(seed)));
  return tape.scalar(build<Objective>(objective)->loss(pass, *m.model, m.format, batch));
}

}  // namespace

TEST_CASE("every objective keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("objective")) objective_contract(text);
}

TEST_CASE("cross-entropy by hand") {
  TrainedModel m = model("\"linear\"", 2, 2);
  m.parameters.get("output.weight").value = nn::Tensor::of({2, 2}, std::vector<double>{1, 0, 0, 1});
  Examples batch;
  batch.count = 2;
  batch.features = nn::Tensor::of({2, 2}, std::vector<double>{std::log(3.0), 0, std::log(3.0), 0});
  batch.labels = {0, 1};
  CHECK(loss("\"cross-entropy\"", m, batch) ==
        doctest::Approx(-0.5 * (std::log(0.75) + std::log(0.25))));
}

TEST_CASE("mse by hand: a model whose outputs are 1 on inputs 0 and 3") {
  TrainedModel m = model("{ use = \"autoencoder\", hidden = 2, code = 1 }", 2, 0);
  for (nn::Parameter& p : m.parameters) p.value.fill(p.name == "output.bias" ? 1.0 : 0.0);
  Examples batch;
  batch.count = 1;
  batch.features = nn::Tensor::of({1, 2}, std::vector<double>{0, 3});
  CHECK(loss("\"mse\"", m, batch) == doctest::Approx((1.0 + 4.0) / 2));
}

TEST_CASE("mse of targets by hand: a linear model of 2 features gives (1, 1) for (0, 3)") {
  TrainedModel m;
  m.model = build<Model>("\"linear\"");
  m.format = {false, 2, 0, 1, 0, 2};
  m.model->declare(m.parameters, m.format, Stream(1));
  for (nn::Parameter& p : m.parameters) p.value.fill(p.name == "output.bias" ? 1.0 : 0.0);
  Examples batch;
  batch.count = 1;
  batch.features = nn::Tensor::of({1, 2}, std::vector<double>{7, 7});
  batch.targets = nn::Tensor::of({1, 2}, std::vector<double>{0, 3});
  CHECK(loss("\"mse\"", m, batch) == doctest::Approx((1.0 + 4.0) / 2));
}

TEST_CASE("masked-cross-entropy counts masked positions alone") {
  // The model says at every position: label 0 with probability 3/4. So a batch of label 0 has the
  // loss -log 3/4 whatever is masked, and one of label 1 has -log 1/4.
  TrainedModel m;
  m.model = build<Model>("\"linear\"");
  m.format = {true, 3, 3, 3, 2};
  m.model->declare(m.parameters, m.format, Stream(1));
  m.parameters.get("output.weight").value.fill(0.0);
  for (int i = 0; i < 3; ++i) m.parameters.get("output.bias").value.set(2 * i, std::log(3.0));
  Examples batch;
  batch.count = 4;
  batch.tokens.assign(12, 1);
  for (const int label : {0, 1}) {
    batch.labels.assign(12, label);
    for (int seed = 0; seed < 5; ++seed)
      CHECK(loss("\"masked-cross-entropy\"", m, batch, seed) ==
            doctest::Approx(-std::log(label == 0 ? 0.75 : 0.25)));
  }
  // A model that copies its input token would be right where nothing is masked: it must not see it.
  m.parameters.get("output.bias").value.fill(0.0);
  auto& w = m.parameters.get("output.weight").value;
  for (int i = 0; i < 3; ++i)
    for (int c = 0; c < 2; ++c) w.set((2 * i + c) * 9 + 3 * i + 1 + c, 100.0);
  CHECK(loss("\"masked-cross-entropy\"", m, batch, 1) == doctest::Approx(std::log(2.0)));
}

namespace {

// The loss of the best guess on `count` normal numbers of the form's mean and deviation.
double loss_of_best(const std::string& objective, const Form& form, int count) {
  TrainedModel best;
  best.model = std::make_shared<NormalFlow>(form);
  best.format = {false, 1, 0, 1, 0};
  Examples batch;
  batch.count = count;
  batch.features = nn::Tensor::normal({count, 1}, form.deviation, Stream(40));
  for (int i = 0; i < count; ++i) batch.features.set(i, batch.features.get(i) + form.mean);
  return loss(objective, best, batch);
}

// Mean of f(t) over t from 0 to 1.
double mean_over_time(const std::function<double(double)>& f) {
  double total = 0.0;
  for (int i = 0; i < 10000; ++i) total += f((i + 0.5) / 10000) / 10000;
  return total;
}

const Form kStraight = {}, kNoise = {NoiseSchedule::kCosine, Prediction::kNoise},
           kData = {NoiseSchedule::kLinearBeta, Prediction::kData};

Form with_data(Form form, double mean, double deviation) {
  form.mean = mean;
  form.deviation = deviation;
  return form;
}

}  // namespace

TEST_CASE("objectives of a flow are 0 for the best guess where the data are a point") {
  // Not exactly: x_t is a float, and noise is divided by what is left of it.
  const auto point = [](const Form& form) { return with_data(form, 0.7, 0.0); };
  CHECK(loss_of_best("\"rectified-flow\"", point(kStraight), 1000) < 1e-6);
  CHECK(loss_of_best("\"denoising\"", point(kNoise), 1000) < 1e-6);
  CHECK(loss_of_best("{ use = \"denoising\", min_snr = 5.0 }", point(kData), 1000) < 1e-6);
}

TEST_CASE(
    "objectives of a flow on normal data leave the variance that the best guess cannot know") {
  // Given x_t, standard normal data leave x - eps the variance 1 / (t² + (1 - t)²), whose mean over
  // t is pi / 2, eps the variance signal², and x the variance noise².
  const int count = 40000;
  const auto normal = [](const Form& form) { return with_data(form, 0.0, 1.0); };
  const auto near = [&](double found, double expected) {
    CAPTURE(found);
    CAPTURE(expected);
    // A squared error of variance v has the deviation sqrt(2) v, here at most 2: five times that.
    CHECK(std::abs(found - expected) < 5 * 2 * std::sqrt(2.0 / count));
  };
  near(loss_of_best("\"rectified-flow\"", normal(kStraight), count), std::acos(-1.0) / 2);
  const auto signal = [](double t) { return std::pow(mix_at(kNoise.schedule, t).signal, 2); };
  const auto noise = [](double t) { return std::pow(mix_at(kData.schedule, t).noise, 2); };
  near(loss_of_best("\"denoising\"", normal(kNoise), count), mean_over_time(signal));
  near(loss_of_best("\"denoising\"", normal(kData), count), mean_over_time(noise));
  // min(SNR, g) / SNR times signal², min(SNR, g) times noise²: both the least of signal² and g
  // noise².
  const std::string weighted = "{ use = \"denoising\", min_snr = 0.5 }";
  near(loss_of_best(weighted, normal(kNoise), count),
       mean_over_time([&](double t) { return std::min(signal(t), 0.5 * (1 - signal(t))); }));
  near(loss_of_best(weighted, normal(kData), count),
       mean_over_time([&](double t) { return std::min(1 - noise(t), 0.5 * noise(t)); }));
  // Logit-normal times: t = sigmoid(1 + z / 2), z by its quantiles.
  double expected = 0.0, weight = 0.0;
  for (double z = -6; z < 6; z += 0.01) {
    const double t = 1 / (1 + std::exp(-1 - z / 2));
    weight += std::exp(-z * z / 2);
    expected += std::exp(-z * z / 2) / (t * t + (1 - t) * (1 - t));
  }
  near(loss_of_best("{ use = \"rectified-flow\", times = \"logit-normal\", mean = 1.0, "
                    "deviation = 0.5 }",
                    normal(kStraight), count),
       expected / weight);
}

TEST_CASE("objectives of a flow refuse models that mean something else") {
  const auto refusal = [](const std::string& objective, const TrainedModel& m) -> std::string {
    try {
      (void)loss(objective, m, examples(4, 2, 2, 1));
    } catch (const std::exception& error) {
      return error.what();
    }
    return {};
  };
  const auto flow = [](const std::string& form) {
    return model("{ use = \"flow-mlp\", width = 4" + form + " }", 2, 2);
  };
  const std::string cosine = ", schedule = \"cosine\", predicts = \"data\"";
  CHECK(refusal("\"rectified-flow\"", flow(cosine)) ==
        "rectified-flow trains a model of the velocity on the straight schedule");
  CHECK(refusal("\"denoising\"", flow("")) ==
        "denoising trains a model of the noise or the data on the cosine or linear-beta schedule");
  CHECK(refusal("\"denoising\"", model("\"linear\"", 2, 2)) ==
        "denoising needs a model that turns noise into data, as flow-mlp does");
  CHECK(refusal("\"mse\"", flow("")) == "mse reconstructs inputs; the model turns noise into data");
  CHECK(refusal("\"cross-entropy\"", flow("")) ==
        "cross-entropy needs a model that predicts labels");
}
