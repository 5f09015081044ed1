#include <cmath>

#include "components/pruners/pruner.h"
#include "tests/components/support.h"

using namespace assay;
using namespace assay::testing;

namespace {

double zeros(const TrainedModel& m) {
  double out = 0.0;
  for (const auto& p : m.parameters)
    for (std::int64_t i = 0; p.role == nn::Role::kWeight && i < p.value.count(); ++i)
      out += p.value.get(i) == 0.0;
  return out;
}

TrainedModel one_layer(std::vector<double> weights) {
  TrainedModel m = model("\"linear\"", 3, 2);
  m.parameters.get("output.weight").value = nn::Tensor::of({2, 3}, weights);
  return m;
}

std::vector<double> weights_of(const TrainedModel& m) {
  std::vector<double> out;
  const auto& value = m.parameters.get("output.weight").value;
  for (std::int64_t i = 0; i < value.count(); ++i) out.push_back(value.get(i));
  return out;
}

}  // namespace

TEST_CASE("every pruner removes what its sparsity says, nested, and revives nothing") {
  for (const ComponentSpec* spec : Registry::global().all("pruner")) {
    CAPTURE(spec->name);
    const Examples calibration = examples(32, 8, 4, 1);
    TrainedModel before = model("{ use = \"mlp\", hidden = [16] }", 8, 4);
    TrainedModel last = before;
    for (const double sparsity : {0.25, 0.5, 0.75}) {
      TrainedModel m = before;
      const auto pruner = build<Pruner>("{ use = \"" + spec->name +
                                        "\", sparsity = " + number_text(sparsity) + " }");
      pruner->prune(m, calibration, Stream(3));
      CHECK(zeros(m) == sparsity * (16 * 8 + 4 * 16));
      for (const auto& p : last.parameters)
        for (std::int64_t i = 0; !p.mask.empty() && i < p.mask.count(); ++i)
          if (p.mask.get(i) == 0.0) CHECK(m.parameters.get(p.name).value.get(i) == 0.0);
      TrainedModel twice = m;
      pruner->prune(twice, calibration, Stream(3));
      CHECK(zeros(twice) == zeros(m));
      last = m;
    }
  }
}

TEST_CASE("magnitude removes the smallest, ties the first") {
  TrainedModel m = one_layer({0.1, -3, 2, 0.5, 0.5, -4});
  build<Pruner>("{ use = \"magnitude\", sparsity = 0.3334 }")->prune(m, {}, Stream(0));
  CHECK(weights_of(m) == std::vector<double>{0, -3, 2, 0, 0.5, -4});
}

TEST_CASE("wanda weighs magnitude by the norm of the input, row by row") {
  // Input norms 1, 10 and 0: the scores are |W| * norm.
  TrainedModel m = one_layer({5, 1, 9, 20, 1, 9});
  Examples calibration;
  calibration.count = 1;
  calibration.features = nn::Tensor::of({1, 3}, std::vector<double>{1, 10, 0});
  build<Pruner>("{ use = \"wanda\", sparsity = 0.6667 }")->prune(m, calibration, Stream(0));
  CHECK(weights_of(m) == std::vector<double>{0, 1, 0, 20, 0, 0});
}
