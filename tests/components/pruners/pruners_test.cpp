#include <cmath>

#include "tests/contracts/pruner_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

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

TEST_CASE("every pruner keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("pruner")) pruner_contract(text);
  // Wanda counts row by row: 12 of the shared layer, 8 + 12 of each of 3 experts, 4 outputs.
  sparsity_contract("wanda", 12 + 3 * (8 + 12) + 4);
  sparsity_contract("magnitude", 1);
  sparsity_contract("random", 1);
  pruner_contract("{ use = \"magnitude\", scope = \"layer\" }");
}

TEST_CASE("wanda judges a layer that no example reached by magnitude") {
  TrainedModel m = subject();
  // Every example goes to experts 0 and 1, so expert 2 has seen nothing.
  nn::Parameter& router = m.parameters.get("router.weight");
  router.value.fill(0.0);
  TrainedModel by_size = m;
  const Examples calibration = examples(40, 6, 4, 1);
  build<Pruner>("\"wanda\"")->prune(m, calibration, Stream(0));
  const auto& before = by_size.parameters.get("experts.2.up.weight").value;
  const auto& after = m.parameters.get("experts.2.up.weight").value;
  for (int r = 0; r < 8; ++r) {
    double largest_gone = 0.0, smallest_kept = 1e9;
    for (int c = 0; c < 12; ++c) {
      const double size = std::abs(before.at(r, c));
      if (after.at(r, c) == 0.0)
        largest_gone = std::max(largest_gone, size);
      else
        smallest_kept = std::min(smallest_kept, size);
    }
    CHECK(largest_gone <= smallest_kept);
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
