// Importance weights: that draws by the loss leave the gradient's expectation as it is, from the
// selector through the trainer to the parameters.
#include <cmath>

#include "components/stages/trainer.h"
#include "tests/contracts/selector_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

// Logits x, -x for one feature x, label 0: the loss is log(1 + exp(-2 x)).
struct Line {
  Examples data;
  TrainedModel trained = model("\"linear\"", 1, 2);
  std::vector<double> loss;

  explicit Line(const std::vector<double>& at) {
    data.count = static_cast<int>(at.size());
    data.features = nn::Tensor::of({data.count, 1}, at);
    data.labels.assign(at.size(), 0);
    trained.parameters.get("output.weight").value =
        nn::Tensor::of({2, 1}, std::vector<double>{1, -1});
    for (const double x : at) loss.push_back(std::log1p(std::exp(-2 * x)));
  }
  // The weight of the model's first logit after one step of gradient descent.
  double moved(const std::string& selector, std::uint64_t seed, int batch) const {
    TrainedModel out = trained;
    const auto objective = build<Objective>("\"cross-entropy\"");
    const auto optimizer = build<Optimizer>("{ use = \"sgd\", lr = 1.0, momentum = 0.0 }");
    const auto order = build<Selector>(selector);
    stages::Trainer trainer({*objective, *optimizer, 1, batch, &*order}, data, out, Stream(seed),
                            Stream(1));
    trainer.advance();
    return out.parameters.get("output.weight").value.get(0);
  }
};

const Line& line() {
  static const Line kLine({-0.5, 0.0, 0.5, 1.0, 2.0});
  return kLine;
}

}  // namespace

TEST_CASE("importance weights are 1 / (n p)") {
  double total = 0.0;
  for (const double loss : line().loss) total += loss;
  const auto check = [&](const std::string& options, double u, double power) {
    double all = 0.0;
    for (const double loss : line().loss) all += std::pow(loss, power);
    const auto order =
        build<Selector>("{ use = \"loss-weighted\", importance = true" + options + " }")
            ->order({line().data, line().trained.format, &line().trained, {}}, Stream(1), 4);
    for (int step = 0; step < 50; ++step) {
      const std::vector<int>& rows = order->next(0.0);
      REQUIRE(order->weights().size() == 4);
      for (std::size_t i = 0; i < 4; ++i) {
        const double loss = line().loss[static_cast<std::size_t>(rows[i])];
        const double p = (1 - u) * std::pow(loss, power) / all + u / 5;
        CHECK(order->weights()[i] == doctest::Approx(1 / (5 * p)).epsilon(1e-5));
      }
    }
  };
  check("", 0.0, 1.0);
  check(", power = 0.5", 0.0, 0.5);
  check(", uniform = 0.5", 0.5, 1.0);
  check(", power = 0.0", 0.0, 0.0);
}

TEST_CASE("a part of uniform draws reaches examples without a loss") {
  const auto at = Line({-1.0, 60.0});  // the loss of the second is 0
  const auto seen = [&](const std::string& options) {
    const auto order = build<Selector>("{ use = \"loss-weighted\"" + options + " }")
                           ->order({at.data, at.trained.format, &at.trained, {}}, Stream(1), 2);
    double out = 0.0;
    for (int step = 0; step < 5000; ++step)
      for (const int row : order->next(0.0)) out += row / 10000.0;
    return out;
  };
  CHECK(seen("") == 0.0);
  CHECK(std::abs(seen(", uniform = 0.2") - 0.1) < 0.015);  // five standard errors
}

TEST_CASE("the expectation of a weighted step is the step on all data") {
  const double whole = line().moved("\"uniform\"", 1, 5);
  const int draws = 4000;
  const auto mean = [&](const std::string& options, double& error) {
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < draws; ++i) {
      const double at = line().moved("{ use = \"loss-weighted\"" + options + " }",
                                     static_cast<std::uint64_t>(i), 2);
      sum += at;
      squares += at * at;
    }
    error = std::sqrt((squares / draws - std::pow(sum / draws, 2)) / draws);
    return sum / draws;
  };
  double error = 0.0;
  for (const char* options : {", importance = true", ", importance = true, power = 2.0",
                              ", importance = true, power = 3.0, uniform = 0.3"}) {
    CAPTURE(options);
    const double at = mean(options, error);
    CHECK(std::abs(at - whole) < 5 * error);
  }
  // Without weights it is not: examples of large losses pull more.
  const double biased = mean("", error);
  CHECK(std::abs(biased - whole) > 10 * error);
}

TEST_CASE("a training refuses to weigh examples for an objective that would not look") {
  for (const char* start : {"{ use = \"train\", data = \"data\", model = \"linear\"",
                            "{ use = \"finetune\", data = \"data\", model = \"base\""})
    CHECK(error_of("stage", std::string(start) + ", objective = \"info-nce\", selector = { use = "
                                                 "\"loss-weighted\", importance = true } }") ==
          "it.selector: \"loss-weighted\" weighs examples, which the objective \"info-nce\" cannot "
          "take "
          "into account");
  CHECK(error_of("stage",
                 "{ use = \"train\", data = \"data\", model = \"linear\", objective = "
                 "\"info-nce\", selector = \"loss-weighted\" }") == "");
}
