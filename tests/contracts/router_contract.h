#pragma once

#include <map>
#include <set>

#include "components/routers/router.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

struct Routed {
  int k = 0;
  std::vector<int> experts;  // n x k, -1 for none
  nn::Tensor weights;        // n x k
  nn::Tensor load;           // experts
  nn::Tensor entropy;        // n, in evaluation
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
    if (statistic.name == "router.load")
      out.load = statistic.value;
    else if (statistic.name == "router.routing_entropy")
      out.entropy = statistic.value;
  return out;
}

// Every row goes to at most k distinct experts, one of them to k, and "<name>.load" counts them.
inline void assignment_contract(const Routed& routed, int n, int experts) {
  const int k = routed.k;
  REQUIRE((k >= 1 && k <= experts));
  REQUIRE(routed.experts.size() == static_cast<std::size_t>(n) * static_cast<std::size_t>(k));
  REQUIRE(routed.weights.shape() == nn::Shape{n, k});
  REQUIRE(routed.load.count() == experts);
  std::vector<double> counted(static_cast<std::size_t>(experts));
  int most = 0;
  for (int i = 0; i < n; ++i) {
    const auto row = routed.experts.begin() + static_cast<std::ptrdiff_t>(i) * k;
    std::multiset<int> chosen(row, row + k);
    chosen.erase(-1);
    const std::set<int> distinct(chosen.begin(), chosen.end());
    CHECK(distinct.size() == chosen.size());
    most = std::max(most, static_cast<int>(distinct.size()));
    if (distinct.empty()) continue;
    REQUIRE((*distinct.begin() >= 0 && *distinct.rbegin() < experts));
    for (const int expert : distinct) counted[static_cast<std::size_t>(expert)] += 1.0;
  }
  CHECK(most == k);
  for (int e = 0; e < experts; ++e)
    CHECK(routed.load.get(e) == counted[static_cast<std::size_t>(e)]);
  for (std::int64_t i = 0; i < routed.weights.count(); ++i)
    REQUIRE(std::isfinite(routed.weights.get(i)));
}

// A row's experts with their weights; without those that are none.
inline std::map<int, double> row_of(const Routed& routed, int i) {
  std::map<int, double> out;
  for (int j = 0; j < routed.k; ++j) {
    const int expert = routed.experts[static_cast<std::size_t>(i * routed.k + j)];
    if (expert >= 0) out[expert] = routed.weights.at(i, j);
  }
  return out;
}

// Where a row's experts follow from that row alone, rows in another order go where they went.
inline void order_contract(const Router& router, const nn::Parameters& parameters,
                           const nn::Tensor& x, int experts) {
  if (!router.rowwise()) return;
  const int n = x.shape()[0], features = x.shape()[1];
  const std::vector<int> order = Stream(5).permutation(n);
  nn::Tensor moved({n, features});
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < features; ++j)
      moved.set(i * features + j, x.at(order[static_cast<std::size_t>(i)], j));
  const Routed before = route(router, parameters, x, experts),
               after = route(router, parameters, moved, experts);
  for (int i = 0; i < n; ++i) {
    const auto was = row_of(before, order[static_cast<std::size_t>(i)]), is = row_of(after, i);
    REQUIRE(is.size() == was.size());
    for (const auto& [expert, weight] : is) {
      REQUIRE(was.count(expert) == 1);
      CHECK(weight == doctest::Approx(was.at(expert)));
    }
  }
}

// Soft routing: each slot's weights of the rows, and each row's weights of the slots, sum to 1, and
// have true gradients; route() is what mixing comes to in sequences of one row.
inline void slots_contract(const Router& router, const nn::Parameters& parameters,
                           const nn::Tensor& x, int experts, bool exact) {
  if (router.slots() == 0) return;
  const int length = 5, n = x.shape()[0], all = router.slots() * experts;
  nn::Tape tape;
  nn::Forward pass(tape, parameters, false, Stream(1));
  const SlotMixing to = router.mix(pass, "router", tape.constant(x), experts, length);
  REQUIRE(to.dispatch.shape() == nn::Shape{n / length, all, length});
  REQUIRE(to.combine.shape() == nn::Shape{n / length, length, all});
  for (const nn::Var each : {to.dispatch, to.combine}) {
    const nn::Var sums = nn::sum_columns(
        nn::reshape(each, {each.shape()[0] * each.shape()[1], each.shape().back()}));
    for (std::int64_t i = 0; i < sums.shape().count(); ++i)
      CHECK(tape.value(sums).get(i) == doctest::Approx(1.0));
  }
  const nn::Tensor alone =
      tape.value(router.mix(pass, "router", tape.constant(x), experts, 1).combine);
  const Routed sent = route(router, parameters, x, experts);
  for (int i = 0; i < n; ++i)
    for (int e = 0; e < experts; ++e) {
      double sum = 0.0;
      for (int s = 0; s < router.slots(); ++s)
        sum += alone.get(std::int64_t{i} * all + e * router.slots() + s);
      CHECK(row_of(sent, i).at(e) == doctest::Approx(sum));
    }
  const LossFn loss = [&](nn::Tape& on, const nn::Parameters& at) {
    nn::Forward mixing(on, at, true, Stream(7));
    const SlotMixing mixed = router.mix(mixing, "router", on.constant(x), experts, length);
    return total_loss(nn::add(probe(mixed.dispatch), probe(mixed.combine, 13)), mixing);
  };
  if (exact) CHECK(gradient_error(jittered(parameters), loss) < 1e-5);
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
    // Each expert may take a row more or less, where a share of the rows is no whole number.
    double all = 0.0;
    for (int e = 0; e < experts; ++e) all += first.load.get(e);
    // In training chance may leave some out.
    CHECK(all - n * router->visits(experts) < experts);
    if (!training) CHECK(all - n * router->visits(experts) > -experts);
    REQUIRE(first.entropy.count() == (training ? 0 : n));
    for (std::int64_t i = 0; i < first.entropy.count(); ++i)
      CHECK((first.entropy.get(i) > -1e-6 && first.entropy.get(i) < std::log(experts) + 1e-6));
  }
  order_contract(*router, parameters, x, experts);
  slots_contract(*router, parameters, x, experts, exact_gradient("router", text));

  const LossFn loss = [&](nn::Tape& tape, const nn::Parameters& at) {
    nn::Forward pass(tape, at, true, Stream(7));
    const Assignment to = router->route(pass, "router", tape.constant(x), experts);
    return total_loss(probe(to.weights), pass);
  };
  if (exact_gradient("router", text)) CHECK(gradient_error(jittered(parameters), loss) < 1e-5);
}

}  // namespace assay::testing
