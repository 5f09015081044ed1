// Scores by gradients and budgets by outliers, against what a hand or a loop computes.
#include <cmath>

#include "tests/contracts/pruner_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

// Indices of the removed entries of a linear model's weight.
std::vector<std::int64_t> removed_from(TrainedModel m, const std::string& pruner,
                                       const Examples& calibration) {
  build<Pruner>(pruner)->prune(m, calibration, Stream(0));
  std::vector<std::int64_t> out;
  const nn::Tensor& mask = m.parameters.get("output.weight").mask;
  for (std::int64_t i = 0; i < mask.count(); ++i)
    if (mask.get(i) == 0.0) out.push_back(i);
  return out;
}

std::vector<std::int64_t> lowest(const std::vector<double>& scores, std::size_t count) {
  std::vector<std::int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return scores[static_cast<std::size_t>(a)] < scores[static_cast<std::size_t>(b)];
  });
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

// d loss / dW of a linear softmax classifier, by hand: mean over examples of (p - y) xᵀ.
std::vector<double> gradient_by_hand(const TrainedModel& m, const Examples& data) {
  const int inputs = m.format.width, classes = m.format.classes;
  const nn::Tensor logits = m.outputs(data);
  std::vector<double> out(static_cast<std::size_t>(inputs * classes));
  for (int e = 0; e < data.count; ++e) {
    double total = 0.0;
    for (int c = 0; c < classes; ++c) total += std::exp(logits.at(e, c));
    for (int c = 0; c < classes; ++c) {
      const double y = data.labels[static_cast<std::size_t>(e)] == c ? 1.0 : 0.0;
      const double error = std::exp(logits.at(e, c)) / total - y;
      for (int j = 0; j < inputs; ++j)
        out[static_cast<std::size_t>(c * inputs + j)] +=
            error * data.features.at(e, j) / data.count;
    }
  }
  return out;
}

double sparsity_of(const TrainedModel& m, const std::string& name) {
  const nn::Parameter& p = m.parameters.get(name);
  return 1.0 - kept(p) / static_cast<double>(p.value.count());
}

// Two layers of 64 weights: the first with four outliers, the second with none.
TrainedModel two_layers() {
  TrainedModel m = model("{ use = \"mlp\", hidden = [8] }", 8, 8);
  for (const char* name : {"hidden1.weight", "output.weight"}) {
    nn::Tensor& w = m.parameters.get(name).value;
    for (std::int64_t i = 0; i < w.count(); ++i) w.set(i, 1.0 + 0.001 * static_cast<double>(i));
  }
  for (std::int64_t i = 0; i < 4; ++i) m.parameters.get("hidden1.weight").value.set(i, 100.0);
  return m;
}

}  // namespace

TEST_CASE("snip removes the least |g w| of a gradient derived by hand") {
  const TrainedModel m = model("\"linear\"", 5, 3);
  const Examples data = examples(30, 5, 3, 4);
  std::vector<double> scores = gradient_by_hand(m, data);
  for (std::size_t i = 0; i < scores.size(); ++i)
    scores[i] = std::abs(scores[i] *
                         m.parameters.get("output.weight").value.get(static_cast<std::int64_t>(i)));
  for (const std::size_t count : {1U, 6U, 12U})
    CHECK(removed_from(m,
                       "{ use = \"snip\", sparsity = " +
                           number_text(static_cast<double>(count) / 15.0) + " }",
                       data) == lowest(scores, count));
}

TEST_CASE("movement sums -g w along the fine-tuning") {
  const TrainedModel m = model("\"linear\"", 5, 3);
  const Examples data = examples(30, 5, 3, 4);
  // Plain descent on all examples, done here step by step.
  TrainedModel tuned = m;
  nn::Tensor& w = tuned.parameters.get("output.weight").value;
  nn::Tensor& b = tuned.parameters.get("output.bias").value;
  std::vector<double> scores(15);
  for (int step = 0; step < 3; ++step) {
    const std::vector<double> g = gradient_by_hand(tuned, data);
    std::vector<double> bias(3);
    const nn::Tensor logits = tuned.outputs(data);
    for (int e = 0; e < 30; ++e) {
      double total = 0.0;
      for (int c = 0; c < 3; ++c) total += std::exp(logits.at(e, c));
      for (int c = 0; c < 3; ++c)
        bias[static_cast<std::size_t>(c)] +=
            (std::exp(logits.at(e, c)) / total - (e % 3 == c ? 1.0 : 0.0)) / 30;
    }
    for (std::size_t i = 0; i < 15; ++i) {
      const auto at = static_cast<std::int64_t>(i);
      scores[i] -= g[i] * w.get(at);
      w.set(at, w.get(at) - 0.5 * g[i]);
    }
    for (std::int64_t c = 0; c < 3; ++c)
      b.set(c, b.get(c) - 0.5 * bias[static_cast<std::size_t>(c)]);
  }
  CHECK(removed_from(m,
                     "{ use = \"movement\", sparsity = 0.4, steps = 3, batch = 30, optimizer = { "
                     "use = \"sgd\", lr = 0.5, momentum = 0.0 } }",
                     data) == lowest(scores, 6));
}

TEST_CASE("owl gives a layer with outliers more, and the model its sparsity") {
  for (const double sparsity : {0.0, 0.25, 0.5, 0.9, 1.0}) {
    CAPTURE(sparsity);
    TrainedModel m = two_layers();
    build<Pruner>("{ use = \"owl\", sparsity = " + number_text(sparsity) +
                  ", spread = 0.125, pruner = { use = \"magnitude\", scope = \"layer\" } }")
        ->prune(m, {}, Stream(0));
    const double first = sparsity_of(m, "hidden1.weight"), second = sparsity_of(m, "output.weight");
    CHECK(first + second == doctest::Approx(2 * sparsity).epsilon(1.0 / 64));
    // lambda each way, or as far as a layer can go.
    const double apart = std::min({0.125, sparsity, 1.0 - sparsity});
    CHECK(second - first == doctest::Approx(2 * apart).epsilon(0.05));
  }
  TrainedModel even = two_layers();
  even.parameters.get("hidden1.weight").value = even.parameters.get("output.weight").value;
  build<Pruner>("{ use = \"owl\", pruner = { use = \"magnitude\", scope = \"layer\" } }")
      ->prune(even, {}, Stream(0));
  CHECK(sparsity_of(even, "hidden1.weight") == 0.5);
}

TEST_CASE("owl with even budgets is the pruner inside it") {
  const Examples data = examples(40, 6, 4, 1);
  for (const std::string inner :
       {"use = \"wanda\"", "use = \"magnitude\", scope = \"layer\"", "use = \"sparsegpt\""}) {
    CAPTURE(inner);
    TrainedModel by_owl = subject(), alone = by_owl;
    build<Pruner>("{ use = \"owl\", sparsity = 0.6, spread = 0.0, pruner = { " + inner + " } }")
        ->prune(by_owl, data, Stream(0));
    build<Pruner>("{ " + inner + ", sparsity = 0.6 }")->prune(alone, data, Stream(0));
    CHECK(archive_of(by_owl) == archive_of(alone));
  }
}

TEST_CASE("owl takes the layers of a block together") {
  TrainedModel m = pruner_subjects()[1];
  for (nn::Parameter& p : m.parameters)
    if (p.role == nn::Role::kWeight) p.value.fill(1.0);
  // One layer of block2 has all the outliers that there are.
  for (std::int64_t i = 0; i < 3; ++i)
    m.parameters.get("block2.mixer.key.weight").value.set(i, 99.0);
  build<Pruner>(
      "{ use = \"owl\", layers = [\"block*\"], pruner = { use = \"magnitude\", scope = "
      "\"layer\" } }")
      ->prune(m, {}, Stream(0));
  for (const char* part : {"mixer.query", "mixer.key", "up", "down"}) {
    const std::string name = std::string(part) + ".weight";
    CHECK(sparsity_of(m, "block2." + name) < 0.45);
    CHECK(sparsity_of(m, "block1." + name) > 0.5);
    CHECK(sparsity_of(m, "block1." + name) == sparsity_of(m, "block3." + name));
  }
}
