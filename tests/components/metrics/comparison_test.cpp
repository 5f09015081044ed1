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
