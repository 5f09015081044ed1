#pragma once

#include <set>

#include "components/routers/router.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

struct Routed {
  int k = 0;
  std::vector<int> experts;  // n x k
  nn::Tensor weights;        // n x k
  nn::Tensor load;           // experts
  double loss = 0.0;         // auxiliary
};

inline Routed route(const Router& router, const nn::Parameters& parameters, const nn::Tensor& x,
                    int experts, bool training = false, std::uint64_t seed = 1) {
  nn::Tape tape;
  nn::Forward pass(tape, parameters, training, Stream(seed));
  Routed out;
  const Assignment to = router.route(pass, "router", tape.constant(x), experts);
  out.k = to.k;
  out.experts.assign(to.experts.begin(), to.experts.end());
  out.weights = tape.value(to.weights);
  for (const auto& loss : pass.losses()) out.loss += tape.scalar(loss.value);
  for (const auto& statistic : pass.statistics())
    if (statistic.name == "router.load") out.load = statistic.value;
  return out;
}

// Every row goes to k distinct experts, and "<name>.load" counts them.
inline void assignment_contract(const Routed& routed, int n, int experts) {
  const int k = routed.k;
  REQUIRE((k >= 1 && k <= experts));
  REQUIRE(routed.experts.size() == static_cast<std::size_t>(n) * static_cast<std::size_t>(k));
  REQUIRE(routed.weights.shape() == nn::Shape{n, k});
  REQUIRE(routed.load.count() == experts);
  std::vector<double> counted(static_cast<std::size_t>(experts));
  for (int i = 0; i < n; ++i) {
    const auto row = routed.experts.begin() + static_cast<std::ptrdiff_t>(i) * k;
    const std::set<int> distinct(row, row + k);
    CHECK(distinct.size() == static_cast<std::size_t>(k));
    REQUIRE((*distinct.begin() >= 0 && *distinct.rbegin() < experts));
    for (const int expert : distinct) counted[static_cast<std::size_t>(expert)] += 1.0;
  }
  for (int e = 0; e < experts; ++e)
    CHECK(routed.load.get(e) == counted[static_cast<std::size_t>(e)]);
  for (std::int64_t i = 0; i < routed.weights.count(); ++i)
    REQUIRE(std::isfinite(routed.weights.get(i)));
}

// The same pass routes the same way twice; parameters are the router's own; a configuration that
// does not fit a number of experts says so; weights and auxiliary losses have true gradients.
inline void router_contract(const std::string& text) {
  CAPTURE(text);
  const int n = 20, features = 4, experts = 6;
  const auto router = build<Router>(text);
  config_contract(*router);
  CHECK(router->check_experts(kMaxExperts).empty());
  REQUIRE_MESSAGE(router->check_experts(experts).empty(), "needs a text that suits 6 experts");
  declaration_contract(
      [&](nn::Parameters& out, const Stream& init) {
        router->declare(out, "router", features, experts, init);
      },
      "router");
  nn::Parameters parameters;
  router->declare(parameters, "router", features, experts, Stream(3));
  for (const nn::Parameter& p : parameters)
    CHECK_MESSAGE(p.role != nn::Role::kWeight, p.name << ": pruners would take it for a weight");

  const nn::Tensor x = nn::Tensor::normal({n, features}, 1.0, Stream(4));
  for (const bool training : {false, true}) {
    const Routed first = route(*router, parameters, x, experts, training);
    assignment_contract(first, n, experts);
    const Routed again = route(*router, parameters, x, experts, training);
    CHECK(again.experts == first.experts);
    CHECK(again.weights == first.weights);
    CHECK(std::isfinite(first.loss));
  }

  const LossFn loss = [&](nn::Tape& tape, const nn::Parameters& at) {
    nn::Forward pass(tape, at, true, Stream(7));
    const Assignment to = router->route(pass, "router", tape.constant(x), experts);
    return total_loss(probe(to.weights), pass);
  };
  if (exact_gradient("router", text)) CHECK(gradient_error(jittered(parameters), loss) < 1e-5);
}

}  // namespace assay::testing
