// Auxiliary losses of routers, against their formulas written out.
#include <cmath>

#include "tests/contracts/router_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

constexpr int kRows = 30, kExperts = 5;

struct Case {
  nn::Parameters parameters;
  nn::Tensor x = nn::Tensor::normal({kRows, 3}, 2.0, Stream(4));
  double p[kRows][kExperts], log_sum[kRows];

  Case() {
    build<Router>("\"topk-softmax\"")->declare(parameters, "router", 3, kExperts, Stream(2));
    const nn::Tensor& w = parameters.get("router.weight").value;
    for (int i = 0; i < kRows; ++i) {
      double sum = 0.0;
      for (int e = 0; e < kExperts; ++e) {
        double logit = 0.0;
        for (int j = 0; j < 3; ++j) logit += w.at(e, j) * x.at(i, j);
        sum += p[i][e] = std::exp(logit);
      }
      for (double& share : p[i]) share /= sum;
      log_sum[i] = std::log(sum);
    }
  }
  Routed run(const std::string& options) const {
    return route(*build<Router>("{ use = \"topk-softmax\", k = 2, " + options + " }"), parameters,
                 x, kExperts);
  }
  double mean_probability(int e) const {
    double sum = 0.0;
    for (const auto& row : p) sum += row[e];
    return sum / kRows;
  }
};

}  // namespace

TEST_CASE("balance losses are what their papers say") {
  const Case c;
  const Routed out = c.run("balance = 1.0, balance_loss = \"switch\"");
  double by_switch = 0.0, by_gshard = 0.0, importance[kExperts] = {};
  for (int e = 0; e < kExperts; ++e) {
    double all = 0.0, first = 0.0;
    for (int i = 0; i < kRows; ++i) {
      first += out.experts[static_cast<std::size_t>(2 * i)] == e ? 1.0 : 0.0;
      for (const int chosen : {out.experts[static_cast<std::size_t>(2 * i)],
                               out.experts[static_cast<std::size_t>(2 * i + 1)]})
        all += chosen == e ? 1.0 : 0.0;
    }
    by_switch += kExperts * all / (2 * kRows) * c.mean_probability(e);
    by_gshard += first / kRows * c.mean_probability(e) / kExperts;
  }
  for (int i = 0; i < kRows; ++i)
    for (int j = 0; j < 2; ++j)
      importance[out.experts[static_cast<std::size_t>(2 * i + j)]] += out.weights.at(i, j);
  double variance = 0.0;
  const double mean = double{kRows} / kExperts;
  for (const double each : importance) variance += (each - mean) * (each - mean) / kExperts;
  CHECK(out.loss == doctest::Approx(by_switch));
  CHECK(c.run("balance = 0.5, balance_loss = \"gshard\"").loss == doctest::Approx(0.5 * by_gshard));
  CHECK(c.run("balance = 1.0, balance_loss = \"importance\"").loss ==
        doctest::Approx(variance / (mean * mean)));
}

TEST_CASE("the z loss is the mean squared logarithm of the softmax's sum") {
  const Case c;
  double z = 0.0;
  for (const double each : c.log_sum) z += each * each / kRows;
  CHECK(c.run("balance = 0.0, z_loss = 0.001").loss == doctest::Approx(0.001 * z));
  CHECK(c.run("balance = 0.0").loss == 0.0);
}

TEST_CASE("noise moves the choice in training alone, and less where it has learnt to") {
  const auto router = build<Router>("{ use = \"topk-softmax\", k = 1, noise = true }");
  nn::Parameters parameters;
  router->declare(parameters, "router", 3, kExperts, Stream(2));
  nn::Tensor x = nn::Tensor::normal({kRows, 3}, 2.0, Stream(4));
  for (int i = 0; i < kRows; ++i) x.set(i * 3, 1.0);
  const std::vector<int> still = route(*router, parameters, x, kExperts).experts;
  const auto moved = [&](std::uint64_t seed) {
    const std::vector<int> noisy = route(*router, parameters, x, kExperts, true, seed).experts;
    int out = 0;
    for (std::size_t i = 0; i < noisy.size(); ++i) out += noisy[i] != still[i] ? 1 : 0;
    return out;
  };
  CHECK(moved(1) > 0);
  nn::Tensor& learnt = parameters.get("router.noise").value;
  for (int e = 0; e < kExperts; ++e) learnt.set(e * 3, -50.0);  // softplus(-50 * 1) = 0
  CHECK(moved(1) == 0);
}
