// REAP and MoNE against scores from the experts' outputs one by one.
#include <cmath>

#include "tests/contracts/pruner_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

constexpr int kExperts = 4, kWidth = 5;

TrainedModel mixture(int k, const std::string& router = "") {
  TrainedModel m = model(
      "{ use = \"moe-mlp\", hidden = 5, experts = 4, expert_hidden = 6, router "
      "= { use = \"topk-softmax\", k = " +
          std::to_string(k) + router + " } }",
      6, 4);
  Stream random(9);
  for (nn::Parameter& p : m.parameters)
    if (p.role == nn::Role::kBias)
      for (std::int64_t i = 0; i < p.value.count(); ++i) p.value.set(i, 0.3 * random.normal());
  return m;
}

TrainedModel pruned(TrainedModel m, const std::string& pruner, const Examples& data) {
  build<Pruner>(pruner)->prune(m, data, Stream(0));
  return m;
}

std::string down(int e) {
  return "experts." + std::to_string(e) + ".down";
}

// Experts whose last weights are masked.
std::vector<int> gone_experts(const TrainedModel& m) {
  std::vector<int> out;
  for (int e = 0; e < kExperts; ++e)
    if (kept(m.parameters.get(down(e) + ".weight")) == 0) out.push_back(e);
  return out;
}

// The weights of two experts for each row, by the definition: g[e] is 0 where it is not chosen.
std::vector<std::vector<double>> gates(const TrainedModel& m, const Examples& data) {
  const nn::Tensor h = m.activations(data, "shared.act"),
                   &w = m.parameters.get("router.weight").value;
  std::vector<std::vector<double>> out;
  for (int i = 0; i < data.count; ++i) {
    std::vector<std::pair<double, int>> logits;
    for (int e = 0; e < kExperts; ++e) {
      double logit = 0.0;
      for (int j = 0; j < kWidth; ++j) logit += w.at(e, j) * h.at(i, j);
      logits.emplace_back(-logit, e);
    }
    std::sort(logits.begin(), logits.end());
    auto& row = out.emplace_back(kExperts);
    const double second = std::exp(logits[0].first - logits[1].first);
    row[static_cast<std::size_t>(logits[0].second)] = 1.0 / (1.0 + second);
    row[static_cast<std::size_t>(logits[1].second)] = second / (1.0 + second);
  }
  return out;
}

struct Scores {
  std::vector<double> reap, routing, fluctuation;
};

Scores scores(const TrainedModel& m, const Examples& data) {
  const auto g = gates(m, data);
  Scores out;
  for (std::size_t e = 0; e < kExperts; ++e) {
    const nn::Tensor f = m.activations(data, down(static_cast<int>(e)));
    double saliency = 0.0, weight = 0.0, variance = 0.0;
    int row = 0;
    for (const auto& of_row : g) {
      if (of_row[e] == 0.0) continue;
      double squares = 0.0;
      for (int j = 0; j < kWidth; ++j) squares += f.at(row, j) * f.at(row, j);
      saliency += of_row[e] * std::sqrt(squares);
      weight += of_row[e];
      ++row;
    }
    REQUIRE(row == f.shape()[0]);
    for (int j = 0; j < kWidth; ++j) {
      double mean = 0.0;
      for (int i = 0; i < row; ++i) mean += f.at(i, j) / row;
      for (int i = 0; i < row; ++i) variance += (f.at(i, j) - mean) * (f.at(i, j) - mean) / row;
    }
    out.reap.push_back(saliency / row);
    out.routing.push_back(weight / data.count);
    out.fluctuation.push_back(std::sqrt(variance));
  }
  return out;
}

std::vector<int> lowest_two(const std::vector<double>& of) {
  std::vector<int> order = {0, 1, 2, 3};
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    return of[static_cast<std::size_t>(a)] < of[static_cast<std::size_t>(b)];
  });
  order.resize(2);
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace

TEST_CASE("reap and mone remove the experts of lowest score") {
  int apart = 0;  // models in which two of the scores disagree
  for (int seed = 0; seed < 8; ++seed) {
    CAPTURE(seed);
    TrainedModel m = mixture(2);
    m.parameters.get("router.weight").value =
        nn::Tensor::normal({kExperts, kWidth}, 2.0, Stream(static_cast<std::uint64_t>(seed)));
    const Examples data = examples(700, 6, 4, seed);  // two passes
    const Scores by_hand = scores(m, data);
    std::vector<double> fusion;
    for (std::size_t e = 0; e < kExperts; ++e)
      fusion.push_back(by_hand.routing[e] * by_hand.fluctuation[e]);
    const auto mone = [&](const std::string& score) {
      return gone_experts(pruned(m, "{ use = \"mone\", score = \"" + score + "\" }", data));
    };
    CHECK(gone_experts(pruned(m, "\"reap\"", data)) == lowest_two(by_hand.reap));
    CHECK(gone_experts(pruned(m, "\"mone\"", data)) == lowest_two(fusion));
    CHECK(mone("routing") == lowest_two(by_hand.routing));
    CHECK(mone("fluctuation") == lowest_two(by_hand.fluctuation));
    apart += lowest_two(by_hand.reap) != lowest_two(by_hand.routing) ? 1 : 0;
  }
  CHECK(apart > 0);
}

TEST_CASE("reap asks what an expert adds where it is used, not how often") {
  const Examples data = examples(50, 6, 4, 1);
  TrainedModel m = mixture(3);
  // Every row goes to the first three, by equal weights.
  m.parameters.get("router.weight").value.fill(0.0);
  for (int e = 0; e < kExperts; ++e) {
    m.parameters.get(down(e) + ".weight").value.fill(0.0);
    m.parameters.get(down(e) + ".bias").value.fill(e == 1 ? -0.5 : 1.0 + e);
  }
  CHECK(gone_experts(pruned(m, "\"reap\"", data)) == std::vector<int>{1, 3});
  CHECK(gone_experts(pruned(m, "{ use = \"reap\", fraction = 0.25 }", data)) ==
        std::vector<int>{3});
  const TrainedModel less = pruned(m, "\"reap\"", data);
  CHECK(kept(less.parameters.get(down(1) + ".bias")) == 0);
  CHECK(less.model->multiply_adds(less.parameters, less.format) <
        m.model->multiply_adds(m.parameters, m.format));
}

TEST_CASE("a novice gives the mean of its expert, and nothing else") {
  const Examples data = examples(700, 6, 4, 1);
  const TrainedModel m = mixture(1), less = pruned(m, "\"mone\"", data);
  const auto gone = gone_experts(less);
  REQUIRE(gone.size() == 2);
  for (const int e : gone) {
    CAPTURE(e);
    const nn::Tensor before = m.activations(data, down(e)), after = less.activations(data, down(e));
    REQUIRE(before.shape() == after.shape());  // the router sends the same rows
    for (int j = 0; j < kWidth; ++j) {
      double mean = 0.0;
      for (int i = 0; i < before.shape()[0]; ++i) mean += before.at(i, j) / before.shape()[0];
      CHECK(after.at(0, j) == doctest::Approx(mean).epsilon(1e-4));
      CHECK(after.at(before.shape()[0] - 1, j) == after.at(0, j));
    }
    CHECK(kept(less.parameters.get("experts." + std::to_string(e) + ".up.bias")) == 0);
    CHECK(kept(less.parameters.get(down(e) + ".bias")) == kWidth);
  }
  // With one expert of weight 1 for each row, the mean of the layer stays what it was.
  const nn::Tensor was = m.activations(data, "mixture"), is = less.activations(data, "mixture");
  for (int j = 0; j < kWidth; ++j) {
    double difference = 0.0;
    for (int i = 0; i < data.count; ++i) difference += (is.at(i, j) - was.at(i, j)) / data.count;
    CHECK(std::abs(difference) < 1e-5);
  }
  // Again, with more to go: a novice stays what it is.
  const TrainedModel all = pruned(less, "{ use = \"mone\", fraction = 1.0 }", data);
  for (const int e : gone)
    CHECK(all.parameters.get(down(e) + ".bias").value ==
          less.parameters.get(down(e) + ".bias").value);
  CHECK(gone_experts(all).size() == 4);
}

TEST_CASE("experts that give constants can all become novices, and what went stays away") {
  const Examples data = examples(60, 6, 4, 1);
  TrainedModel m = mixture(2, ", normalise = \"all\"");
  for (int e = 0; e < kExperts; ++e) m.parameters.get(down(e) + ".weight").value.fill(0.0);
  const TrainedModel novices = pruned(m, "{ use = \"mone\", fraction = 1.0 }", data);
  const nn::Tensor was = m.outputs(data), is = novices.outputs(data);
  double worst = 0.0;
  for (std::int64_t i = 0; i < was.count(); ++i)
    worst = std::max(worst, std::abs(was.get(i) - is.get(i)));
  CHECK(worst < 1e-5);
  const TrainedModel none = pruned(m, "{ use = \"reap\", fraction = 1.0 }", data);
  const TrainedModel after = pruned(none, "{ use = \"mone\", fraction = 1.0 }", data);
  for (int e = 0; e < kExperts; ++e) CHECK(kept(after.parameters.get(down(e) + ".bias")) == 0);
}

TEST_CASE("where reap reroutes, what is left is the model without the experts that went") {
  const Examples data = examples(60, 6, 4, 1);
  // Expert choice counts experts that went when it shares out rows.
  const std::pair<std::string, std::string> expert_choice = {
      "{ use = \"expert-choice\", capacity_factor = 1.0 }",
      "{ use = \"expert-choice\", capacity_factor = 0.5 }"};
  std::vector<std::pair<std::string, std::string>> routers = {expert_choice};
  for (const char* same :
       {"\"topk-softmax\"", "{ use = \"topk-softmax\", normalise = \"all\" }", "\"switch\"",
        "\"cosine\"", "\"sigmoid-bias\"", "\"dense\"", "{ use = \"soft\", slots = 2 }"})
    routers.emplace_back(same, same);
  for (const auto& [router, of_two] : routers) {
    CAPTURE(router);
    const auto with = [](const std::string& experts) {
      return model(
          "{ use = \"moe-mlp\", hidden = 5, expert_hidden = 6, experts = " + experts + " }", 6, 4);
    };
    const TrainedModel m = with("4, router = " + router), less = pruned(m, "\"reap\"", data);
    TrainedModel small = with("2, router = " + of_two);
    std::vector<int> left;
    for (int e = 0; e < kExperts; ++e)
      if (kept(less.parameters.get(down(e) + ".weight")) > 0) left.push_back(e);
    REQUIRE(left.size() == 2);
    for (nn::Parameter& p : small.parameters) {
      std::string name = p.name;
      if (name.starts_with("experts."))
        name[8] = static_cast<char>('0' + left[static_cast<std::size_t>(name[8] - '0')]);
      const nn::Tensor& from = m.parameters.get(name).value;
      if (from.shape() == p.value.shape()) {
        p.value = from;
        continue;
      }
      const std::int64_t each = p.value.count() / 2;  // of an expert
      for (std::int64_t i = 0; i < p.value.count(); ++i)
        p.value.set(i, from.get(left[static_cast<std::size_t>(i / each)] * each + i % each));
    }
    const nn::Tensor is = less.outputs(data), expected = small.outputs(data);
    double worst = 0.0;
    for (std::int64_t i = 0; i < is.count(); ++i)
      worst = std::max(worst, std::abs(is.get(i) - expected.get(i)));
    CHECK(worst < 1e-5);
  }
  const TrainedModel m = mixture(2),
                     kept_router = pruned(m, "{ use = \"reap\", reroute = false }", data);
  CHECK(kept_router.parameters.get("router.weight").value ==
        m.parameters.get("router.weight").value);
  const TrainedModel hashed = model("{ use = \"moe-mlp\", experts = 4, router = \"hash\" }", 6, 4);
  CHECK_THROWS_WITH(
      pruned(hashed, "\"reap\"", data),
      "router has no row for each expert, so that it cannot do without one: reroute = false");
  CHECK(gone_experts(pruned(hashed, "{ use = \"reap\", reroute = false }", data)).size() == 2);
}

TEST_CASE("reap and mone refuse models whose experts see no rows of their own") {
  const Examples data = examples(20, 16, 4, 1);
  for (const std::string use : {"reap", "mone"}) {
    CHECK_THROWS_WITH(pruned(model("\"mlp\"", 16, 4), "\"" + use + "\"", data),
                      (use + ": the model has none").c_str());
    CHECK_THROWS_WITH(
        pruned(model("{ use = \"transformer\", width = 4, hidden = 5, blocks = 1, experts = 2, "
                     "router = \"soft\", mixer = { use = \"attention\", causal = false } }",
                     16, 4),
               "\"" + use + "\"", data),
        (use + ": block1.router sends no rows").c_str());
  }
}
