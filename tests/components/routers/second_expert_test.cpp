// The second of two experts, by chance: frequencies against the probabilities that they stand for.
#include <cmath>

#include "tests/contracts/router_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

constexpr int kRows = 20000;

// All rows with probabilities in the ratio 6 : 3 : 1.
Routed run(const std::string& options, bool training = true) {
  const auto router = build<Router>("{ use = \"topk-softmax\", k = 2, " + options + " }");
  nn::Parameters parameters;
  router->declare(parameters, "router", 3, 3, Stream(2));
  nn::Tensor& w = parameters.get("router.weight").value;
  for (int i = 0; i < 9; ++i) w.set(i, i % 4 == 0 ? 1.0 : 0.0);
  nn::Tensor x({kRows, 3});
  for (int i = 0; i < kRows; ++i)
    for (int e = 0; e < 3; ++e) x.set(3 * i + e, std::log(e == 0 ? 6.0 : e == 1 ? 3.0 : 1.0));
  return route(*router, parameters, x, 3, training);
}

// Share of the rows whose second expert is this one.
double second_is(const Routed& routed, int expert) {
  double out = 0.0;
  for (int i = 0; i < kRows; ++i)
    out += routed.experts[static_cast<std::size_t>(2 * i + 1)] == expert ? 1.0 / kRows : 0.0;
  return out;
}

// Four standard deviations of a share.
double near(double p) {
  return 4.0 * std::sqrt(p * (1.0 - p) / kRows);
}

}  // namespace

TEST_CASE("routers that leave the second expert to chance keep the contract") {
  for (const char* second : {"by-weight", "sampled"})
    for (const char* more : {"", ", normalise = \"all\"", ", balance_loss = \"importance\"",
                             ", balance_loss = \"gshard\", z_loss = 0.1, noise = true"})
      router_contract("{ use = \"topk-softmax\", k = 2, second = \"" + std::string(second) + "\"" +
                      more + " }");
  CHECK(error_of<Router>("{ use = \"topk-softmax\", k = 3, second = \"sampled\" }") ==
        "it.second: \"sampled\" is for k = 2");
  CHECK(error_of<Router>("{ use = \"topk-softmax\", k = 1, second = \"by-weight\" }") ==
        "it.second: \"by-weight\" is for k = 2");
}

TEST_CASE("a second expert by weight is kept with twice its share of both weights") {
  // Shares 6 / 9 and 3 / 9: it is kept in two thirds of the rows.
  for (const char* normalise : {"kept", "all"}) {
    CAPTURE(normalise);
    const Routed out =
        run("second = \"by-weight\", normalise = \"" + std::string(normalise) + "\"");
    CHECK(std::abs(second_is(out, 1) - 2.0 / 3) < near(2.0 / 3));
    CHECK(second_is(out, 1) + second_is(out, -1) == doctest::Approx(1.0));
    CHECK(out.load.get(0) == kRows);
    CHECK(out.load.get(1) == doctest::Approx(kRows * second_is(out, 1)));
    // The first keeps its weight also where it is alone.
    const double first = std::string(normalise) == "all" ? 0.6 : 2.0 / 3;
    for (int i = 0; i < 20; ++i) CHECK(out.weights.at(i, 0) == doctest::Approx(first));
    // The balance loss counts assignments before chance: it is that of the best.
    CHECK(out.loss == doctest::Approx(run("normalise = \"" + std::string(normalise) + "\"").loss));
  }
}

TEST_CASE("a sampled second expert follows the softmax over all but the best") {
  const Routed out = run("second = \"sampled\"");
  CHECK(std::abs(second_is(out, 1) - 0.75) < near(0.75));  // 3 : 1
  CHECK(second_is(out, 1) + second_is(out, 2) == doctest::Approx(1.0));
  for (int i = 0; i < 200; ++i) {
    const int second = out.experts[static_cast<std::size_t>(2 * i + 1)];
    CHECK(out.experts[static_cast<std::size_t>(2 * i)] == 0);
    CHECK(out.weights.at(i, 0) == doctest::Approx(second == 1 ? 6.0 / 9 : 6.0 / 7));
  }
}

TEST_CASE("evaluation leaves nothing to chance") {
  const Routed best = run("second = \"best\"", false);
  for (const char* second : {"by-weight", "sampled"}) {
    const Routed out = run("second = \"" + std::string(second) + "\"", false);
    CHECK(out.experts == best.experts);
    CHECK(out.weights == best.weights);
  }
}
