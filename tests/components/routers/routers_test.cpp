#include <cmath>

#include "components/routers/router.h"
#include "tests/components/support.h"

using namespace assay;
using namespace assay::testing;

namespace {

struct Routed {
  Assignment to;
  nn::Tensor weights;
  double loss = 0.0;
  std::vector<double> load;
};

Routed route(const Router& router, const nn::Parameters& parameters, const nn::Tensor& x,
             int experts) {
  nn::Tape tape;
  nn::Forward pass(tape, parameters, false, Stream(1));
  Routed out;
  out.to = router.route(pass, "router", tape.constant(x), experts);
  out.weights = tape.value(out.to.weights);
  for (const auto& loss : pass.losses()) out.loss += tape.scalar(loss.value);
  const auto& load = pass.statistics().at(0).value;
  for (std::int64_t i = 0; i < load.count(); ++i) out.load.push_back(load.get(i));
  return out;
}

}  // namespace

TEST_CASE("every router sends each row to k distinct experts with weights that sum to one") {
  for (const ComponentSpec* spec : Registry::global().all("router")) {
    CAPTURE(spec->name);
    const auto router = build<Router>("{ use = \"" + spec->name + "\", k = 3 }");
    nn::Parameters parameters;
    router->declare(parameters, "router", 4, 6, Stream(2));
    const Routed out = route(*router, parameters, nn::Tensor::normal({20, 4}, 1.0, Stream(3)), 6);
    CHECK(out.to.experts ==
          route(*router, parameters, nn::Tensor::normal({20, 4}, 1.0, Stream(3)), 6).to.experts);
    double total = 0.0;
    for (const double x : out.load) total += x;
    CHECK(total == 60);
    for (int i = 0; i < 20; ++i) {
      double sum = 0.0;
      std::vector<int> mine(out.to.experts.begin() + i * 3, out.to.experts.begin() + i * 3 + 3);
      std::sort(mine.begin(), mine.end());
      CHECK(std::unique(mine.begin(), mine.end()) == mine.end());
      CHECK(mine.front() >= 0);
      CHECK(mine.back() < 6);
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
  CHECK(out.to.experts == std::vector<int>{1, 0});
  CHECK(out.weights.get(0) == doctest::Approx(0.75));  // 3 : 1
  CHECK(out.weights.get(1) == doctest::Approx(0.25));
  // E * sum f P with f = (1/2, 1/2, 0) and P = softmax(0, log 3, -9).
  const double z = 4 + std::exp(-9.0);
  CHECK(out.loss == doctest::Approx(3 * (0.5 * 1 / z + 0.5 * 3 / z)));
}
