// Metrics of routing, on statistics that are known.
#include "components/metrics/routing.h"

#include <cmath>

#include "tests/contracts/metric_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

std::map<std::string, double> measured(const std::string& metric, Evaluation& evaluation) {
  const Numbers numbers = measure(*build<Metric>(metric), evaluation);
  return {numbers.begin(), numbers.end()};
}

std::string refusal(const std::string& metric, Evaluation& evaluation) {
  try {
    (void)measured(metric, evaluation);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return {};
}

// Rows of features (1, 0) `first` times and (0, 1) for the rest go to experts by their features:
// logit e is row e of `weight` (experts x 2).
struct Fixture {
  TrainedModel routed;
  Data data;
  Evaluation evaluation;

  Fixture(int n, int first, const std::string& router, const std::vector<double>& weight,
          double capacity = 0.0) {
    const int experts = static_cast<int>(weight.size()) / 2;
    routed = model(
        "{ use = \"moe-mlp\", hidden = 2, expert_hidden = 2, experts = " + std::to_string(experts) +
            ", capacity = " + std::to_string(capacity) + ", router = " + router + " }",
        2, 2);
    routed.parameters.get("shared.weight").value =
        nn::Tensor::of({2, 2}, std::vector<double>{1, 0, 0, 1});
    if (nn::Parameter* w = routed.parameters.find("router.weight"))
      w->value = nn::Tensor::of({experts, 2}, weight);
    data.format = routed.format;
    data.test.count = n;
    data.test.features = nn::Tensor({n, 2});
    for (int i = 0; i < n; ++i) data.test.features.set(2 * i + (i < first ? 0 : 1), 1.0);
    data.test.labels.assign(static_cast<std::size_t>(n), 0);
    evaluation.model = &routed;
    evaluation.data = &data;
  }
};

const std::string kTop1 = "{ use = \"topk-softmax\", k = 1 }";

}  // namespace

TEST_CASE("load, dead experts and entropy by hand") {
  // Of 1000 rows, in two batches, 970 go to expert 0 and 30 to expert 1 of 4; the even load is 250.
  Fixture f(1000, 970, kTop1, {1, 0, 0, 1, 0, 0, 0, 0});
  CHECK(measured("\"load-max-over-mean\"", f.evaluation)["load-max-over-mean"] ==
        doctest::Approx(970.0 / 250));
  CHECK(measured("\"dead-experts\"", f.evaluation)["dead-experts"] == 0.5);
  CHECK(measured("{ use = \"dead-experts\", below = 0.2 }", f.evaluation)["dead-experts"] == 0.75);
  // Probabilities (e, 1, 1, 1) / (e + 3) in some order.
  const double z = std::exp(1.0) + 3, top = std::exp(1.0) / z;
  CHECK(measured("\"router-entropy\"", f.evaluation)["router-entropy"] ==
        doctest::Approx(-top * std::log(top) + 3 / z * std::log(z)));
  CHECK(measured("\"dropped-tokens\"", f.evaluation)["dropped-tokens"] == 0.0);
}

TEST_CASE("dropped tokens by hand") {
  // Capacity ceil(1 * 8 / 2) = 4: expert 0 gets 6 rows.
  Fixture one(8, 6, kTop1, {1, 0, 0, 1}, 1.0);
  auto dropped = measured("\"dropped-tokens\"", one.evaluation);
  CHECK(dropped["dropped-tokens"] == 0.25);
  CHECK(dropped["dropped-tokens-assignments"] == 0.25);
  // Two choices each, expert 1 full at 8 with all rows, 0 and 2 share the rest: 16 assignments,
  // capacity ceil(0.75 * 16 / 3) = 4. Rows 4 and 5 lose both of theirs; 6 and 7 keep one.
  Fixture two(8, 6, "{ use = \"topk-softmax\", k = 2 }", {1, 0, 0.5, 0.5, 0, 1}, 0.75);
  dropped = measured("\"dropped-tokens\"", two.evaluation);
  CHECK(dropped["dropped-tokens"] == 0.25);
  CHECK(dropped["dropped-tokens-assignments"] == doctest::Approx((2 + 4) / 16.0));
}

TEST_CASE("several routers count one by one, and their mean is given") {
  std::vector<nn::Forward::Statistic> statistics;
  const auto add = [&](const char* name, const std::vector<double>& load) {
    statistics.push_back({name, nn::Tensor::of({2}, load)});
  };
  add("block1.router.load", {4, 0});
  add("block2.router.load", {1, 3});
  add("block1.router.load", {2, 2});
  const auto routers = metrics::router_statistics(statistics, ".load", "it");
  REQUIRE(routers.size() == 2);
  CHECK(routers[0].router == "block1.router");
  CHECK(routers[0].summed() == std::vector<double>{6, 2});
  CHECK(routers[1].joined() == std::vector<double>{1, 3});
  // Opposite loads of two blocks do not cancel: each block has all its rows at one expert.
  TrainedModel deep = model(
      "{ use = \"transformer\", width = 4, hidden = 3, blocks = 2, experts = 2, patch = 2, router "
      "= "
      "{ use = \"topk-softmax\", k = 1 } }",
      4, 2);
  for (const char* block : {"block1", "block2"}) {
    // norm2 gives its bias alone: the same row everywhere.
    deep.parameters.get(std::string(block) + ".norm2.gain").value.fill(0.0);
    deep.parameters.get(std::string(block) + ".norm2.bias").value.fill(1.0);
    nn::Tensor& w = deep.parameters.get(std::string(block) + ".router.weight").value;
    for (int j = 0; j < 8; ++j) w.set(j, (j < 4) == (block[5] == '1') ? 1.0 : 0.0);
  }
  const Bench bench(deep);
  Evaluation evaluation = bench.evaluation("model data");
  CHECK(measured("\"routing-load\"", evaluation)["routing-load-cv"] == doctest::Approx(1.0));
  CHECK(measured("\"load-max-over-mean\"", evaluation)["load-max-over-mean"] == 2.0);
}

TEST_CASE("routing churn by hand") {
  Fixture now(10, 6, kTop1, {1, 0, 0, 1}), before(10, 6, kTop1, {1, 0, 2, 1});
  now.evaluation.reference = &now.routed;
  CHECK(measured("\"routing-churn\"", now.evaluation)["routing-churn"] == 0.0);
  Evaluation fresh;
  fresh.model = &now.routed;
  fresh.data = &now.data;
  fresh.reference = &before.routed;  // sends all rows to expert 1
  CHECK(measured("\"routing-churn\"", fresh)["routing-churn"] == doctest::Approx(0.6));
  // One of two kept experts differs: half of the assignments.
  Fixture a(4, 4, "{ use = \"topk-softmax\", k = 2 }", {2, 0, 1, 0, 0, 0}),
      b(4, 4, "{ use = \"topk-softmax\", k = 2 }", {2, 0, 0, 0, 1, 0});
  a.evaluation.reference = &b.routed;
  CHECK(measured("\"routing-churn\"", a.evaluation)["routing-churn"] == doctest::Approx(0.5));
  const TrainedModel plain = model("\"linear\"", 2, 2);
  Evaluation other;
  other.model = &a.routed;
  other.data = &a.data;
  other.reference = &plain;
  CHECK(refusal("\"routing-churn\"", other) ==
        "routing-churn: the model has no router that sends rows");
}

TEST_CASE("routing accuracy pairs experts with components") {
  // Experts 2 and 0; components 0 (rows 0-5) and 1 (rows 6-9), row 5 being wrong.
  Fixture f(10, 5, kTop1, {0, 1, 0, 0, 1, 0});
  nn::Tensor truth({10});
  for (int i = 6; i < 10; ++i) truth.set(i, 1.0);
  f.data.truth["assignment"] = truth;
  CHECK(measured("\"routing-accuracy\"", f.evaluation)["routing-accuracy"] == doctest::Approx(0.9));
  // Of all experts of a row, the one of the largest weight counts.
  Fixture dense(10, 5, "\"dense\"", {0, 1, -1, -1, 1, 0});
  dense.data.truth["assignment"] = truth;
  CHECK(measured("\"routing-accuracy\"", dense.evaluation)["routing-accuracy"] ==
        doctest::Approx(0.9));
  f.evaluation.split = "train";
  CHECK(refusal("\"routing-accuracy\"", f.evaluation) ==
        "routing-accuracy needs data with a known assignment, and their test split");
  f.evaluation.split = "test";
  f.data.truth["assignment"] = nn::Tensor({3});
  CHECK(refusal("\"routing-accuracy\"", f.evaluation) ==
        "routing-accuracy: the router \"router\" sees 10 rows, the truth has 3");
}

TEST_CASE("the best matching is that of trying all") {
  for (int round = 0; round < 60; ++round) {
    Stream stream(static_cast<std::uint64_t>(round));
    const int n = 1 + static_cast<int>(stream.below(5)), m = 1 + static_cast<int>(stream.below(5));
    std::vector<double> value(static_cast<std::size_t>(n * m));
    for (double& each : value) each = static_cast<double>(stream.below(9));
    const int size = std::max(n, m);
    std::vector<int> order(static_cast<std::size_t>(size));
    std::iota(order.begin(), order.end(), 0);
    const auto total = [&](const std::vector<int>& columns) {
      double sum = 0.0;
      for (int i = 0; i < n; ++i) {
        const int j = columns[static_cast<std::size_t>(i)];
        if (j >= 0 && j < m) sum += value[static_cast<std::size_t>(i * m + j)];
      }
      return sum;
    };
    double best = 0.0;
    do {
      best = std::max(best, total(order));
    } while (std::next_permutation(order.begin(), order.end()));
    const std::vector<int> found = metrics::best_matching(n, m, value);
    CHECK(total(found) == best);
    std::vector<int> used;
    for (const int j : found)
      if (j >= 0) used.push_back(j);
    std::sort(used.begin(), used.end());
    CHECK(std::adjacent_find(used.begin(), used.end()) == used.end());
    CHECK(static_cast<int>(used.size()) == std::min(n, m));
  }
}

TEST_CASE("expert overlap by hand") {
  // Rows (1, 0) go to experts 0 and 1, six of them, and two rows (0, 1) to experts 2 and 1.
  Fixture two(8, 6, "{ use = \"topk-softmax\", k = 2 }", {2, 0, 1, 1, 0, 2});
  auto overlap = measured("\"expert-overlap\"", two.evaluation);
  CHECK(overlap["expert-overlap"] == doctest::Approx((0.75 + 0.25 + 0.0) / 3));
  CHECK(overlap["expert-overlap-closest"] == doctest::Approx((0.75 + 0.75 + 0.25) / 3));
  // Within expert 1: 8 * 0.75 * 0.25 in each feature; of all 16: 16 * 0.75 * 0.25.
  CHECK(overlap["expert-overlap-inputs"] == doctest::Approx(0.5));
  // One expert for each row: no row is shared, and each sees rows of one kind.
  Fixture one(8, 6, kTop1, {1, 0, 0, 1, 0, 0});
  overlap = measured("\"expert-overlap\"", one.evaluation);
  CHECK(overlap["expert-overlap"] == 0.0);
  CHECK(overlap["expert-overlap-closest"] == 0.0);
  CHECK(overlap["expert-overlap-inputs"] == 0.0);
  // All experts see all rows.
  Fixture all(8, 6, "\"uniform\"", {1, 0, 0, 1, 0, 0});
  overlap = measured("\"expert-overlap\"", all.evaluation);
  for (const char* part : {"", "-closest", "-inputs"})
    CHECK(overlap["expert-overlap" + std::string(part)] == doctest::Approx(1.0));
  const TrainedModel plain = model("\"linear\"", 2, 2);
  all.evaluation = {};
  all.evaluation.model = &plain;
  all.evaluation.data = &all.data;
  CHECK(refusal("\"expert-overlap\"", all.evaluation) == "expert-overlap: the model has no router");
  // Slots hold something of every row.
  const Bench soft(
      model("{ use = \"transformer\", width = 4, hidden = 3, blocks = 1, experts = 2, "
            "router = \"soft\", mixer = { use = \"attention\", causal = false } }",
            16, 4));
  Evaluation mixed = soft.evaluation("model data");
  overlap = measured("\"expert-overlap\"", mixed);
  CHECK(overlap["expert-overlap"] == 1.0);
  CHECK(overlap["expert-overlap-closest"] == 1.0);
  CHECK(overlap["expert-overlap-inputs"] > 0.5);
  CHECK(overlap["expert-overlap-inputs"] < 1.0);
}
