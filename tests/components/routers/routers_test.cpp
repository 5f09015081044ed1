#include <cmath>

#include "tests/contracts/router_contract.h"

using namespace assay;
using namespace assay::testing;

TEST_CASE("every router keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("router")) router_contract(text);
  for (const char* use : {"topk-softmax", "random"})
    for (const char* k : {"1", "3", "6"})
      router_contract("{ use = \"" + std::string(use) + "\", k = " + k + " }");
}

TEST_CASE("our routers weigh a row's experts so that they sum to one") {
  for (const char* use : {"topk-softmax", "random"}) {
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
  const auto router = build<Router>("{ use = \"topk-softmax\", k = 2, balance = 1.0 }");
  nn::Parameters parameters;
  router->declare(parameters, "router", 3, 3, Stream(2));
  auto& w = parameters.get("router.weight").value;
  for (int i = 0; i < 9; ++i) w.set(i, i % 4 == 0 ? 1.0 : 0.0);  // logits = x
  const nn::Tensor x = nn::Tensor::of({1, 3}, std::vector<double>{0.0, std::log(3.0), -9.0});
  const Routed out = route(*router, parameters, x, 3);
  CHECK(out.experts == std::vector<int>{1, 0});
  CHECK(out.weights.get(0) == doctest::Approx(0.75));  // 3 : 1
  CHECK(out.weights.get(1) == doctest::Approx(0.25));
  // E * sum f P with f = (1/2, 1/2, 0) and P = softmax(0, log 3, -9).
  const double z = 4 + std::exp(-9.0);
  CHECK(out.loss == doctest::Approx(3 * (0.5 * 1 / z + 0.5 * 3 / z)));
}
