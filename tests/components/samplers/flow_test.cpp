// Samplers of numbers on models whose flow is known in closed form. It keeps (x - a m) / sqrt(a² s²
// + b²) (normal_flow.h), so noise e ends at m + s (e - a0 m) / sqrt(a0² s² + b0²).
#include <cmath>

#include "tests/components/normal_flow.h"
#include "tests/contracts/sampler_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

TrainedModel trained(const Form& flow) {
  TrainedModel out;
  out.model = std::make_shared<NormalFlow>(flow);
  out.format = {false, 1, 0, 1, 3};
  return out;
}

std::shared_ptr<const Samples> draw(const std::string& sampler, const Form& flow, int count = 50) {
  return build<Sampler>(sampler)->sample(trained(flow), label_prompts({false, 1, 0, 1, 3}, count),
                                         Stream(7));
}

// Where noise of this stream should end.
std::vector<double> ends(const Form& flow, int count = 50) {
  const Mix mix = mix_at(flow.schedule, 0.0);
  Stream start = Stream(7).fork("start");
  std::vector<double> out;
  for (int i = 0; i < count; ++i)
    out.push_back(flow.mean + flow.deviation * (start.normal() - mix.signal * flow.mean) /
                                  std::hypot(mix.signal * flow.deviation, mix.noise));
  return out;
}

double largest_error(const std::string& sampler, const Form& flow) {
  const auto samples = draw(sampler, flow);
  const std::vector<double> truth = ends(flow);
  double worst = 0.0;
  for (std::size_t i = 0; i < truth.size(); ++i)
    worst = std::max(worst, std::abs(samples->values.get(static_cast<std::int64_t>(i)) - truth[i]));
  return worst;
}

std::string text(const std::string& use, int steps, const std::string& more = "") {
  return "{ use = \"" + use + "\", steps = " + std::to_string(steps) + more + " }";
}

const std::vector<std::pair<NoiseSchedule, Prediction>> kForms = {
    {NoiseSchedule::kStraight, Prediction::kVelocity},
    {NoiseSchedule::kCosine, Prediction::kNoise},
    {NoiseSchedule::kCosine, Prediction::kData},
    {NoiseSchedule::kLinearBeta, Prediction::kNoise}};

}  // namespace

TEST_CASE("schedules by hand") {
  for (const auto schedule :
       {NoiseSchedule::kStraight, NoiseSchedule::kCosine, NoiseSchedule::kLinearBeta}) {
    const Mix data = mix_at(schedule, 1.0), noise = mix_at(schedule, 0.0);
    CHECK(data.signal == 1.0);
    CHECK(data.noise == 0.0);
    const bool straight = schedule == NoiseSchedule::kStraight;
    CHECK(noise.signal == doctest::Approx(straight ? 0.0 : std::exp(-5.025)));
    for (double t = 0.05; t < 1.0; t += 0.05) {
      const Mix mix = mix_at(schedule, t), next = mix_at(schedule, t + 0.01);
      CHECK(next.signal > mix.signal);
      CHECK(next.noise < mix.noise);
      if (straight) CHECK(mix.sum() == doctest::Approx(1.0));
      if (!straight) CHECK(std::hypot(mix.signal, mix.noise) == doctest::Approx(1.0));
    }
  }
  // Half of the way in 1,000 steps of Ho et al.: the product of 1 - beta_i, beta_i from 1e-4 to
  // 0.02. Cosine at u = 0.5, whose scale of u near 1 moves it by a few thousandths.
  double product = 1.0;
  for (int i = 0; i < 500; ++i) product *= 1.0 - (1e-4 + (0.02 - 1e-4) * i / 999.0);
  const Mix beta = mix_at(NoiseSchedule::kLinearBeta, 0.5);
  CHECK(beta.signal * beta.signal == doctest::Approx(product).epsilon(0.01));
  const double pi = std::acos(-1.0);
  const Mix cosine = mix_at(NoiseSchedule::kCosine, 0.5);
  CHECK(cosine.signal == doctest::Approx(std::cos(0.508 / 1.008 * pi / 2)).epsilon(0.005));
}

namespace {

// How fast the error falls: the exponent of 1 / steps between 32 and 128 of them.
double order_of(const std::string& use, const Form& flow) {
  return std::log2(largest_error(text(use, 32), flow) / largest_error(text(use, 128), flow)) / 2.0;
}

}  // namespace

TEST_CASE("Euler's error falls as 1 / steps and Heun's as its square, on every schedule") {
  for (const auto& [schedule, predicts] : kForms) {
    const Form flow{.schedule = schedule, .predicts = predicts};
    CAPTURE(static_cast<int>(flow.schedule));
    CAPTURE(static_cast<int>(flow.predicts));
    // A model of the data leaves the last step to Euler. Near the data cosine noise goes like the
    // root of 1 - t, so that step is 1 / sqrt(steps) long and costs half an order.
    const double heun = predicts == Prediction::kData ? 1.5 : 2.0;
    // Orders are limits; at these steps within a quarter. Float models add about 1e-7.
    CHECK(std::abs(order_of("euler", flow) - 1.0) < 0.25);
    CHECK(std::abs(order_of("heun", flow) - heun) < 0.25);
    CHECK(largest_error(text("heun", 128), flow) < largest_error(text("euler", 128), flow) / 10);
  }
}

TEST_CASE("a step of Euler and of Heun by hand") {
  // Straight, m = 0.7, s = 0.5. At t = 0 the velocity is m - e, so Euler's only step ends at m. At
  // t = 1 it is x - 0 there, so Heun's ends at e + (m - e + m) / 2.
  const auto one = draw(text("euler", 1), {}), heun = draw(text("heun", 1), {});
  Stream start = Stream(7).fork("start");
  for (int i = 0; i < 50; ++i) {
    const double e = start.normal();
    CHECK(one->values.get(i) == doctest::Approx(0.7).epsilon(1e-6));
    CHECK(heun->values.get(i) == doctest::Approx(e / 2 + 0.7).epsilon(1e-5));
  }
}

TEST_CASE("each sampler counts its calls exactly") {
  Form labelled, data;
  labelled.labels = true;
  data.schedule = NoiseSchedule::kCosine;
  data.predicts = Prediction::kData;
  const auto calls = [](const std::string& sampler, const Form& flow) {
    return draw(sampler, flow)->function_evaluations;
  };
  for (const auto& [use, each] :
       {std::pair("euler", 1), std::pair("heun", 2), std::pair("ddim", 1), std::pair("ddpm", 1)}) {
    CHECK(calls(text(use, 6), {}) == 6 * each);
    CHECK(calls(text(use, 6), labelled) == 6 * each);
    CHECK(calls(text(use, 6, ", guidance = 0.0"), labelled) == 6 * each);
    CHECK(calls(text(use, 6, ", guidance = 2.0"), labelled) == 12 * each);
    CHECK(calls(text(use, 6), data) == 6 * each - (each == 2));  // no noise to be told at t = 1
  }
}

TEST_CASE("DDIM without new noise finds a point exactly, in any number of steps, as DDPM does") {
  for (const auto& [schedule, predicts] : kForms) {
    Form flow{.schedule = schedule, .predicts = predicts, .deviation = 0.0};
    for (const char* use : {"ddim", "ddpm"})
      for (const int steps : {1, 2, 17}) CHECK(largest_error(text(use, steps), flow) < 2e-5);
  }
}

TEST_CASE("DDIM without new noise is Euler's method with equal steps in t") {
  for (const auto& [schedule, predicts] : kForms) {
    Form flow{.schedule = schedule, .predicts = predicts};
    const auto ddim = draw(text("ddim", 9), flow), euler = draw(text("euler", 9), flow);
    for (int i = 0; i < 50; ++i)
      CHECK(ddim->values.get(i) == doctest::Approx(euler->values.get(i)).epsilon(1e-5));
  }
}

TEST_CASE("DDPM and DDIM with eta have the moments that their recursion says") {
  // One step turns x into p x + q + d z with p and q from the best guess, linear in x; so mean and
  // variance follow without drawing anything.
  Form flow{.schedule = NoiseSchedule::kCosine, .predicts = Prediction::kNoise};
  const int steps = 20, count = 20000;
  const auto recursion = [&](double eta, bool added) {
    double mean = 0.0, variance = 1.0;
    for (int step = 0; step < steps; ++step) {
      const Mix a = mix_at(flow.schedule, step / 20.0),
                b = mix_at(flow.schedule, (step + 1) / 20.0);
      const double ratio = a.signal / b.signal;
      const double noised = a.noise * a.noise - ratio * ratio * b.noise * b.noise;
      const double fresh = eta * eta * noised * b.noise * b.noise / (a.noise * a.noise);
      const double s2 = flow.deviation * flow.deviation;
      const double total = a.signal * a.signal * s2 + a.noise * a.noise;
      const double rest = std::sqrt(b.noise * b.noise - fresh);
      const double p = b.signal * a.signal * s2 / total + rest * a.noise / total;
      mean = b.signal * flow.mean + p * (mean - a.signal * flow.mean);
      variance = p * p * variance + (step + 1 < steps ? (added ? noised : fresh) : 0.0);
    }
    return std::pair(mean, variance);
  };
  const auto check = [&](const std::string& sampler, std::pair<double, double> truth) {
    CAPTURE(sampler);
    const auto samples = draw(sampler, flow, count);
    double mean = 0.0, square = 0.0;
    for (int i = 0; i < count; ++i) mean += samples->values.get(i) / count;
    for (int i = 0; i < count; ++i)
      square += std::pow(samples->values.get(i) - mean, 2) / (count - 1);
    // Five standard errors of a mean and of a variance of normal numbers.
    CHECK(std::abs(mean - truth.first) < 5 * std::sqrt(truth.second / count));
    CHECK(std::abs(square / truth.second - 1.0) < 5 * std::sqrt(2.0 / count));
    // Steps are few: the variance is off, but the data are recognised.
    CHECK(std::abs(truth.first - flow.mean) < 0.02);
    CHECK(std::abs(std::sqrt(truth.second) - flow.deviation) < 0.15);
  };
  check(text("ddpm", steps), recursion(1.0, false));
  check(text("ddpm", steps, ", variance = \"added\""), recursion(1.0, true));
  check(text("ddim", steps, ", eta = 1.0"), recursion(1.0, false));
  check(text("ddim", steps, ", eta = 0.5"), recursion(0.5, false));
}

TEST_CASE("guidance goes beyond the class, away from all classes") {
  // Not Heun's: off the point, at t = 1, the velocity of a point has no bound.
  Form flow{.deviation = 0.0, .labels = true};
  for (const double w : {0.0, 1.0, 2.5}) {
    for (const char* use : {"euler", "ddim", "ddpm"}) {
      const auto samples =
          draw(text(use, 4, w == 1.0 ? "" : ", guidance = " + std::to_string(w)), flow);
      for (int i = 0; i < 50; ++i)
        CHECK(samples->values.get(i) == doctest::Approx(w * 0.7 * (i % 3 + 1)).epsilon(1e-4));
      CHECK(samples->prompts.size() == 50);
      CHECK(samples->prompts[4] == 1);
    }
  }
}

TEST_CASE("clipping limits the data that are found") {
  Form flow{.schedule = NoiseSchedule::kCosine, .predicts = Prediction::kNoise};
  for (const char* use : {"ddim", "ddpm"}) {
    const auto samples = draw(text(use, 10, ", clip = 0.4"), flow);
    double largest = 0.0;
    for (int i = 0; i < 50; ++i) largest = std::max(largest, std::abs(samples->values.get(i)));
    CHECK(largest == doctest::Approx(0.4));
  }
}

TEST_CASE("shifted times keep both ends and the order, and shorten the steps near noise") {
  // Where all depends on the last step (a point far away), other grids give other ends.
  Form flow;
  CHECK(largest_error(text("euler", 64, ", shift = 3.0"), flow) < 0.05);
  CHECK(draw(text("euler", 4, ", shift = 3.0"), flow)->values !=
        draw(text("euler", 4), flow)->values);
  CHECK(draw(text("euler", 1, ", shift = 3.0"), flow)->values ==
        draw(text("euler", 1), flow)->values);
}

TEST_CASE("samplers of numbers say what they need") {
  const auto refusal = [](const std::string& sampler, const TrainedModel& model,
                          const Examples& prompts) -> std::string {
    try {
      build<Sampler>(sampler)->sample(model, prompts, Stream(1));
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return {};
  };
  Form labelled{.labels = true};
  Examples bare;
  bare.count = 3;
  CHECK(refusal("\"euler\"", random_token_model({true, 6, 4, 1, 4}), bare) ==
        "euler needs a model that turns noise into data, as flow-mlp does");
  CHECK(refusal("{ use = \"ddim\", guidance = 2.0 }", trained({}), bare) ==
        "ddim: guidance = 2.0 needs a model that reads labels (conditional = true)");
  CHECK(refusal("\"heun\"", trained(labelled), bare) ==
        "heun needs a label for each of 3 samples, and has 0");
  Examples strange = label_prompts({false, 1, 0, 1, 5}, 4);
  CHECK(refusal("\"euler\"", trained(labelled), strange) ==
        "euler: the model knows 3 classes, and a label is 3");
  CHECK(refusal("{ use = \"ddpm\", steps = 4 }", trained({.mean = 1e300}), bare) ==
        "ddpm: a sample is not finite");
}
