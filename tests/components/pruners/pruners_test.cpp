#include <cmath>

#include "components/pruners/layer_choice.h"
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
  const int rows = 12 + 3 * (8 + 12) + 4, layers = 1 + 3 * 2 + 1;
  sparsity_contract("wanda", rows);
  sparsity_contract("owl", rows, true);
  sparsity_contract("sparsegpt", layers);
  sparsity_contract("alps", layers);
  for (const char* name : {"magnitude", "random", "snip", "movement"}) sparsity_contract(name, 1);
  for (const char* text :
       {"{ use = \"magnitude\", scope = \"layer\" }", "{ use = \"snip\", n = 1, m = 4 }",
        "{ use = \"sparsegpt\", n = 2, m = 4, block = 8 }", "{ use = \"alps\", n = 2, m = 4 }",
        "{ use = \"reap\", scope = \"global\" }", "{ use = \"reap\", reroute = false }",
        "{ use = \"mone\", score = \"routing\" }", "{ use = \"heads\", score = \"norm\" }",
        "{ use = \"owl\", pruner = \"sparsegpt\" }", "{ use = \"rows\", score = \"activation\" }",
        "{ use = \"rows\", score = \"incoming\", scope = \"global\" }",
        "{ use = \"experts\", score = \"frequency\" }", "{ use = \"experts\", score = \"norm\" }"})
    pruner_contract(text);
}

TEST_CASE("layers are chosen by patterns, and a pattern that names none is refused") {
  TrainedModel m = subject();
  const auto touched = [&](const std::string& more) {
    TrainedModel pruned = m;
    build<Pruner>("{ use = \"magnitude\", scope = \"layer\", " + more + " }")
        ->prune(pruned, {}, Stream(0));
    std::string out;
    for (const auto& p : pruned.parameters)
      if (!p.mask.empty()) out += p.name + " ";
    return out;
  };
  CHECK(touched("layers = [\"experts.*.up\"], ignore = [\"*.1.*\"]") ==
        "experts.0.up.weight experts.2.up.weight ");
  CHECK(touched("ignore = [\"experts.*\"]") == "shared.weight output.weight ");
  CHECK_THROWS_WITH(touched("layers = [\"hidden1\"]"),
                    "\"hidden1\" names no layer with weights; there are: shared, "
                    "experts.0.up, experts.0.down, experts.1.up, experts.1.down, experts.2.up, "
                    "experts.2.down, output");
}

TEST_CASE("n of each m consecutive inputs stay, whatever the method") {
  for (const char* use :
       {"magnitude", "random", "wanda", "snip", "movement", "sparsegpt", "alps"}) {
    CAPTURE(use);
    TrainedModel m = subject();
    build<Pruner>("{ use = \"" + std::string(use) + "\", n = 2, m = 4 }")
        ->prune(m, examples(40, 6, 4, 1), Stream(0));
    for (const auto& p : m.parameters) {
      if (p.role != nn::Role::kWeight) continue;
      bool exact = true;
      const int columns = p.value.shape().back();
      for (int r = 0; r < p.value.shape()[0]; ++r)
        for (int first = 0; first < columns; first += 4) {
          int kept = 0;  // the last group of 6 inputs has two, and keeps them
          for (int c = first; c < std::min(first + 4, columns); ++c) kept += p.mask.at(r, c) != 0.0;
          exact = exact && kept == 2;
        }
      CHECK_MESSAGE(exact, p.name);
    }
  }
  CHECK(error_of<Pruner>("{ use = \"wanda\", n = 5, m = 4 }") ==
        "it.n: no more than m = 4 can be kept");
  CHECK(error_of<Pruner>("{ use = \"sparsegpt\", m = 4, block = 6 }") ==
        "it.block: a multiple of m = 4 is needed");
  CHECK(error_of<Pruner>("{ use = \"owl\", pruner = \"heads\" }") ==
        "it.pruner: \"heads\" has no parameter sparsity");
}

TEST_CASE("rows compete among themselves, layers and the model likewise") {
  const auto left = [](const std::string& scope) {
    TrainedModel m = one_layer({1, 2, 3, 4, 5, 6});
    build<Pruner>("{ use = \"magnitude\", sparsity = 0.34, scope = \"" + scope + "\" }")
        ->prune(m, {}, Stream(0));
    return weights_of(m);
  };
  CHECK(left("row") == std::vector<double>{0, 2, 3, 0, 5, 6});
  CHECK(left("layer") == std::vector<double>{0, 0, 3, 4, 5, 6});
  CHECK(left("global") == std::vector<double>{0, 0, 3, 4, 5, 6});
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
