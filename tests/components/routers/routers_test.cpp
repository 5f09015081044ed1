#include <cmath>

#include "tests/contracts/router_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

// logits = x: the weight is the unit matrix.
nn::Parameters identity(const Router& router, int experts, const std::string& weight) {
  nn::Parameters out;
  router.declare(out, "router", experts, experts, Stream(2));
  nn::Tensor& w = out.get(weight).value;
  for (int i = 0; i < experts; ++i)
    for (int j = 0; j < experts; ++j) w.set(i * experts + j, i == j ? 1.0 : 0.0);
  return out;
}

Routed routed(const std::string& text, int experts, const std::vector<double>& logits) {
  const auto router = build<Router>(text);
  const int n = static_cast<int>(logits.size()) / experts;
  return route(*router, identity(*router, experts, "router.weight"),
               nn::Tensor::of({n, experts}, logits), experts);
}

}  // namespace

TEST_CASE("every router keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("router")) router_contract(text);
  for (const char* use :
       {"topk-softmax", "random", "cosine", "sigmoid-bias", "hash", "round-robin"})
    for (const char* k : {"1", "3", "6"})
      router_contract("{ use = \"" + std::string(use) + "\", k = " + k + " }");
  for (const char* form : {"noise = true, z_loss = 0.1", "normalise = \"all\"",
                           "balance_loss = \"gshard\"", "balance_loss = \"importance\""})
    router_contract("{ use = \"topk-softmax\", temperature = 0.7, " + std::string(form) + " }");
  for (const char* factor : {"0.01", "1.0", "9.0"})
    router_contract("{ use = \"expert-choice\", capacity_factor = " + std::string(factor) + " }");
  router_contract("{ use = \"soft\", slots = 3 }");
  router_contract("{ use = \"sigmoid-bias\", k = 3, groups = 2, top_groups = 2 }");
}

TEST_CASE("routers with normalised weights give each row a sum of one") {
  for (const char* use :
       {"topk-softmax", "random", "cosine", "sigmoid-bias", "round-robin", "hash"}) {
    CAPTURE(use);
    const auto router = build<Router>("{ use = \"" + std::string(use) + "\", k = 3 }");
    nn::Parameters parameters;
    router->declare(parameters, "router", 4, 6, Stream(2));
    const Routed out = route(*router, parameters, nn::Tensor::normal({20, 4}, 1.0, Stream(3)), 6);
    for (int i = 0; i < 20; ++i) {
      double sum = 0.0;
      for (int j = 0; j < 3; ++j) sum += out.weights.at(i, j);
      CHECK(sum == doctest::Approx(1.0));
    }
    CHECK(router->check_experts(2) == "router.k = 3 is more than the 2 experts");
  }
}

TEST_CASE("topk-softmax on logits solved by hand") {
  const std::vector<double> x = {0.0, std::log(3.0), -9.0};
  const Routed out = routed("{ use = \"topk-softmax\", k = 2, balance = 1.0 }", 3, x);
  CHECK(out.experts == std::vector<int>{1, 0});
  CHECK(out.weights.get(0) == doctest::Approx(0.75));  // 3 : 1
  CHECK(out.weights.get(1) == doctest::Approx(0.25));
  // E * sum f P with f = (1/2, 1/2, 0) and P = softmax(0, log 3, -9).
  const double z = 4 + std::exp(-9.0);
  CHECK(out.loss == doctest::Approx(3 * (0.5 * 1 / z + 0.5 * 3 / z)));
  // Over all experts, what is not kept is lost.
  const Routed all = routed("{ use = \"topk-softmax\", k = 2, normalise = \"all\" }", 3, x);
  CHECK(all.weights.get(0) == doctest::Approx(3 / z));
  CHECK(all.weights.get(1) == doctest::Approx(1 / z));
}

TEST_CASE("switch weighs its one expert by the probability among all") {
  const Routed out =
      routed("{ use = \"switch\", balance = 1.0 }", 2, {0.0, std::log(3.0), std::log(4.0), 0.0});
  CHECK(out.k == 1);
  CHECK(out.experts == std::vector<int>{1, 0});
  CHECK(out.weights.get(0) == doctest::Approx(0.75));
  CHECK(out.weights.get(1) == doctest::Approx(0.8));
  // f = (1/2, 1/2): E * sum f P = sum P = 1.
  CHECK(out.loss == doctest::Approx(1.0));
}

TEST_CASE("expert-choice by hand: rows with two experts, one, and none") {
  // p of expert 0: 0.9, 0.8, 0.2, 0.3. Each takes ceil(1 * 4 / 2) = 2 rows; row 1 has none of
  // expert 1, whose largest are rows 2 and 3.
  const auto logit = [](double p) { return std::log(p / (1 - p)); };
  const Routed out = routed("{ use = \"expert-choice\", capacity_factor = 1.0 }", 2,
                            {logit(0.9), 0, logit(0.8), 0, logit(0.2), 0, logit(0.3), 0});
  CHECK(out.k == 1);
  CHECK(out.experts == std::vector<int>{0, 0, 1, 1});
  CHECK(out.weights.get(1) == doctest::Approx(0.8));
  CHECK(out.weights.get(2) == doctest::Approx(0.8));
  CHECK(out.weights.get(3) == doctest::Approx(0.7));
  // Of three experts with the same order of rows all take row 0, and rows 1 and 2 have none.
  const double low = -std::log(2.0);
  const Routed same = routed("{ use = \"expert-choice\", capacity_factor = 1.0 }", 3,
                             {0, 0, 0, low, 0, 0, low, 0, 0});
  CHECK(same.k == 2);
  CHECK(same.experts == std::vector<int>{0, -1, 1, 2, -1, -1});  // 1 and 2: earlier of the ties
  CHECK(same.weights.get(1) == 0.0);
}

TEST_CASE("expert-choice fills every expert exactly") {
  const auto router = build<Router>("{ use = \"expert-choice\", capacity_factor = 1.5 }");
  for (const int n : {1, 3, 20, 33}) {
    nn::Parameters parameters;
    router->declare(parameters, "router", 4, 6, Stream(2));
    const Routed out = route(*router, parameters, nn::Tensor::normal({n, 4}, 1.0, Stream(3)), 6);
    for (int e = 0; e < 6; ++e) CHECK(out.load.get(e) == std::ceil(1.5 * n / 6));
  }
}

TEST_CASE("sigmoid-bias chooses with its bias and weighs without") {
  const auto router = build<Router>("{ use = \"sigmoid-bias\", k = 2, rate = 0.25 }");
  nn::Parameters parameters = identity(*router, 3, "router.weight");
  // Scores 3/4, 1/2, 1/5.
  const nn::Tensor x =
      nn::Tensor::of({1, 3}, std::vector<double>{std::log(3.0), 0.0, -std::log(4.0)});
  const Routed plain = route(*router, parameters, x, 3);
  CHECK(plain.experts == std::vector<int>{0, 1});
  CHECK(plain.weights.get(0) == doctest::Approx(0.6));
  parameters.get("router.bias").value.set(2, 0.4);
  const Routed biased = route(*router, parameters, x, 3);
  CHECK(biased.experts == std::vector<int>{0, 2});
  CHECK(biased.weights.get(1) == doctest::Approx(0.2 / 0.95));

  nn::Tape tape;
  nn::Forward pass(tape, parameters, true, Stream(1));
  (void)router->route(pass, "router", tape.constant(x), 3);
  pass.run_updates(parameters);  // load 1, 0, 1: down, up, down
  const nn::Tensor& bias = parameters.get("router.bias").value;
  CHECK(bias.get(0) == doctest::Approx(-0.25));
  CHECK(bias.get(1) == doctest::Approx(0.25));
  CHECK(bias.get(2) == doctest::Approx(0.15));
}

TEST_CASE("sigmoid-bias looks in the best groups alone") {
  // Groups 01, 23 and 45.
  const std::vector<double> x = {-2, 3, 2, 1, -3, -1};
  const auto chosen = [&](const std::string& options) {
    return routed("{ use = \"sigmoid-bias\", groups = 3, " + options + " }", 6, x).experts;
  };
  // One group is worth the sum of its two: 0.12 + 0.95, 0.88 + 0.73, 0.05 + 0.27.
  CHECK(chosen("k = 2") == std::vector<int>{2, 3});
  // Of two, each is worth its best one.
  CHECK(chosen("k = 2, top_groups = 2") == std::vector<int>{1, 2});
  // The last group is left out, though expert 5 beats 0.
  CHECK(chosen("k = 4, top_groups = 2") == std::vector<int>{1, 2, 3, 0});
  CHECK(chosen("k = 4, top_groups = 3") == std::vector<int>{1, 2, 3, 5});
  const auto refusal = [](const std::string& options, int experts) {
    return build<Router>("{ use = \"sigmoid-bias\", " + options + " }")->check_experts(experts);
  };
  CHECK(refusal("groups = 4", 6) == "router.groups = 4 does not divide the 6 experts");
  CHECK(refusal("k = 3, groups = 3", 6) == "router.k = 3 is more than the 2 experts of 1 group");
  CHECK(error_of<Router>("{ use = \"sigmoid-bias\", groups = 2, top_groups = 3 }") ==
        "it.top_groups: there are 2 groups");
}

TEST_CASE("sigmoid-bias evens a skewed load without a gradient") {
  const auto router = build<Router>("{ use = \"sigmoid-bias\", k = 2, rate = 0.01 }");
  nn::Parameters parameters;
  router->declare(parameters, "router", 4, 6, Stream(2));
  nn::Tensor x = nn::Tensor::normal({300, 4}, 1.0, Stream(3));
  for (int i = 0; i < 300; ++i) x.set(i * 4, x.get(i * 4) + 3.0);  // all rows alike
  const auto busiest = [&] {
    const nn::Tensor load = route(*router, parameters, x, 6).load;
    double most = 0.0;
    for (int e = 0; e < 6; ++e) most = std::max(most, load.get(e));
    return most;
  };
  CHECK(busiest() > 200);  // even: 100
  for (int step = 0; step < 300; ++step) {
    nn::Tape tape;
    nn::Forward pass(tape, parameters, true, Stream(1));
    (void)router->route(pass, "router", tape.constant(x), 6);
    pass.run_updates(parameters);
  }
  CHECK(busiest() < 125);
}

TEST_CASE("cosine sees directions alone, over its temperature") {
  const auto router =
      build<Router>("{ use = \"cosine\", k = 2, dimension = 2, temperature = 0.5, balance = 0.0 }");
  nn::Parameters parameters = identity(*router, 2, "router.projection.weight");
  parameters.get("router.embedding.weight").value =
      nn::Tensor::of({2, 2}, std::vector<double>{5.0, 0.0, 0.0, 0.1});
  const auto first = [&](double length) {
    const nn::Tensor x = nn::Tensor::of({1, 2}, std::vector<double>{0.6 * length, 0.8 * length});
    const Routed out = route(*router, parameters, x, 2);
    CHECK(out.experts == std::vector<int>{1, 0});
    return out.weights.get(0);
  };
  const double expected = 1 / (1 + std::exp((0.6 - 0.8) / 0.5));
  CHECK(first(1.0) == doctest::Approx(expected).epsilon(1e-4));
  CHECK(first(30.0) == doctest::Approx(expected).epsilon(1e-4));
}

TEST_CASE("hash follows the side of each hyperplane and nothing else") {
  const auto router = build<Router>("{ use = \"hash\", k = 2, bits = 4 }");
  nn::Parameters parameters;
  router->declare(parameters, "router", 3, 8, Stream(2));
  const nn::Tensor& planes = parameters.get("router.hyperplanes").value;
  const int n = 400;
  const nn::Tensor x = nn::Tensor::normal({n, 3}, 1.0, Stream(3));
  const Routed out = route(*router, parameters, x, 8);
  std::map<int, int> first_of;  // code -> expert
  for (int i = 0; i < n; ++i) {
    int code = 0;
    for (int b = 0; b < 4; ++b) {
      double side = 0.0;
      for (int j = 0; j < 3; ++j) side += planes.at(b, j) * x.at(i, j);
      code = 2 * code + (side > 0 ? 1 : 0);
    }
    const int first = out.experts[static_cast<std::size_t>(2 * i)];
    CHECK(first_of.emplace(code, first).first->second == first);
    CHECK(out.experts[static_cast<std::size_t>(2 * i + 1)] == (first + 1) % 8);
  }
  std::set<int> experts;
  for (const auto& [code, first] : first_of) experts.insert(first);
  CHECK(first_of.size() > 8);
  CHECK(experts.size() > 4);
}

TEST_CASE("round-robin takes turns; dense and uniform take all") {
  const Routed turns =
      route(*build<Router>("{ use = \"round-robin\", k = 2 }"), {}, nn::Tensor({4, 3}), 3);
  CHECK(turns.experts == std::vector<int>{0, 1, 2, 0, 1, 2, 0, 1});
  CHECK(turns.weights.get(5) == 0.5);
  const Routed dense = routed("\"dense\"", 2, {0.0, std::log(3.0)});
  CHECK(dense.experts == std::vector<int>{0, 1});
  CHECK(dense.weights.get(1) == doctest::Approx(0.75));
  CHECK(dense.entropy.get(0) == doctest::Approx(-0.75 * std::log(0.75) - 0.25 * std::log(0.25)));
  const Routed uniform = route(*build<Router>("\"uniform\""), {}, nn::Tensor({2, 3}), 4);
  CHECK(uniform.experts == std::vector<int>{0, 1, 2, 3, 0, 1, 2, 3});
  CHECK(uniform.weights.get(7) == 0.25);
}
