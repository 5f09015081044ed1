#include <cmath>

#include "tests/contracts/metric_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

// Logistic regression behind an input gate.
Bench gated_bench(const std::string& gate, int width) {
  return Bench(model("{ use = \"mlp\", hidden = [], input_gate = " + gate + " }", width, 2));
}

void set(Bench& bench, const std::string& name, const std::vector<double>& values) {
  nn::Tensor& to = bench.model.parameters.get(name).value;
  to = nn::Tensor::of(to.shape(), values);
}

std::map<std::string, double> measured(const std::string& metric, const Bench& bench) {
  Evaluation evaluation = bench.evaluation("model data");
  const Numbers numbers = measure(*build<Metric>(metric), evaluation);
  return {numbers.begin(), numbers.end()};
}

double logit(double p) {
  return std::log(p / (1.0 - p));
}

}  // namespace

TEST_CASE("entropy, saturation and openness of gates by hand") {
  Bench bench = gated_bench("\"sigmoid\"", 4);
  set(bench, "input_gate.logit", {0.0, logit(0.25), logit(0.96), -40.0});
  const auto bits = [](double p) { return -p * std::log2(p) - (1 - p) * std::log2(1 - p); };
  CHECK(measured("\"gate-entropy\"", bench)["gate-entropy"] ==
        doctest::Approx((1.0 + bits(0.25) + bits(0.96)) / 4).epsilon(1e-5));
  CHECK(measured("\"gate-saturation\"", bench)["gate-saturation"] == 0.5);
  CHECK(measured("{ use = \"gate-saturation\", margin = 0.01 }", bench)["gate-saturation"] == 0.25);
  auto open = measured("\"gate-open\"", bench);
  CHECK(open["gate-open-share"] == 0.25);
  CHECK(open["gate-open-mean"] == doctest::Approx((0.5 + 0.25 + 0.96) / 4));
}

TEST_CASE("a model without gates is one whose gates are open") {
  const Bench bench(subject());
  CHECK(measured("\"gate-entropy\"", bench)["gate-entropy"] == 0.0);
  CHECK(measured("\"gate-saturation\"", bench)["gate-saturation"] == 1.0);
  CHECK(measured("\"gate-open\"", bench)["gate-open-share"] == 1.0);
  CHECK(measured("\"gate-recovery\"", bench)["gate-recovery"] == 0.5);
  CHECK(measured("\"gate-gradient-variance\"", bench)["gate-gradient-variance"] == 0.0);
}

TEST_CASE("variance of gate gradients: none without noise, and of one Bernoulli gate by hand") {
  Bench quiet = gated_bench("\"sigmoid\"", 3);
  CHECK(measured("\"gate-gradient-variance\"", quiet)["gate-gradient-variance"] < 1e-12);

  Bench bench = gated_bench("\"reinforce\"", 1);
  bench.data.test.count = 1;
  bench.data.test.features = nn::Tensor::full({1, 1}, 1.0);
  bench.data.test.labels = {1};
  const double p = 0.3, baseline = 0.2;
  set(bench, "input_gate.logit", {logit(p)});
  set(bench, "input_gate.baseline", {0.5 * baseline, 0.5});
  set(bench, "output.weight", {0.0, -1.0});
  // Losses log(1 + e^1) and log 2; the gradient is (loss - baseline) (z - p).
  const double open = (std::log1p(std::exp(1.0)) - baseline) * (1 - p),
               closed = (std::log(2.0) - baseline) * -p;
  const double variance = p * (1 - p) * (open - closed) * (open - closed);
  const double mean = p * open + (1 - p) * closed;
  auto got = measured("{ use = \"gate-gradient-variance\", draws = 20000 }", bench);
  // Of 20000 draws with two values the variance is known to about one in a hundred.
  CHECK(got["gate-gradient-variance"] == doctest::Approx(variance).epsilon(0.04));
  CHECK(got["gate-gradient-variance-relative"] ==
        doctest::Approx(variance / (mean * mean)).epsilon(0.1));
}

TEST_CASE("recovery of informative features by hand") {
  Bench bench = gated_bench("\"sigmoid\"", 5);
  bench.data.truth["informative"] = nn::Tensor::of({5}, std::vector<double>{1, 1, 0, 0, 0});
  set(bench, "input_gate.logit", {3.0, -1.0, 0.5, -1.0, -2.0});
  auto got = measured("\"gate-recovery\"", bench);
  CHECK(got["gate-recovery"] == doctest::Approx((3 + 1.5) / 6));  // the second ties with the fourth
  CHECK(got["gate-recovery-signal-open"] == 0.5);
  CHECK(got["gate-recovery-noise-open"] == doctest::Approx(1.0 / 3));
  bench.data.truth["informative"].fill(1.0);
  CHECK_THROWS_WITH_AS(measured("\"gate-recovery\"", bench),
                       "gate-recovery: needs features that matter and others", std::runtime_error);
  bench.data.truth.erase("informative");
  CHECK_THROWS_WITH_AS(measured("\"gate-recovery\"", bench),
                       "gate-recovery: the data do not say which features matter",
                       std::runtime_error);
}
