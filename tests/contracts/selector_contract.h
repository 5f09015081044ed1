#pragma once

#include <cmath>
#include <set>

#include "components/selectors/selector.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

// 23 labelled examples of unequal classes, and a model of them that is unsure.
struct Selection {
  TrainedModel trained = model("{ use = \"mlp\", hidden = [5] }", 4, 3);
  Examples data = examples(23, 4, 3, 6);

  Selection() {
    for (std::size_t i = 0; i < data.labels.size(); ++i) data.labels[i] = i % 5 < 3 ? 0 : i % 3;
  }
  Pool pool(std::vector<int> chosen = {}) const {
    return {data, trained.format, &trained, std::move(chosen)};
  }
};

// Each step has rows of the data, and weights of them where the selector weighs; the same stream
// gives the same, and so does an order that goes on from any step.
inline void order_laws(const Selector& selector) {
  constexpr int kBatch = 4, kSteps = 30;
  Selection at;
  const auto progress = [](int step) { return static_cast<double>(step) / kSteps; };
  std::vector<std::vector<int>> rows;
  std::vector<std::vector<double>> weights;
  std::vector<Archive> states;
  const auto order = selector.order(at.pool(), Stream(3), kBatch);
  for (int step = 0; step < kSteps; ++step) {
    order->save(states.emplace_back());
    rows.push_back(order->next(progress(step)));
    REQUIRE(rows.back().size() == kBatch);
    for (const int row : rows.back()) REQUIRE((0 <= row && row < at.data.count));
    weights.emplace_back(order->weights().begin(), order->weights().end());
    REQUIRE(weights.back().size() == (selector.weighs() ? kBatch : 0));
    for (const double weight : weights.back()) REQUIRE((weight > 0 && std::isfinite(weight)));
  }
  for (int from : {0, 1, 7, kSteps - 1}) {
    const auto again = selector.order(at.pool(), Stream(3), kBatch);
    again->load(states[static_cast<std::size_t>(from)], from);
    for (int step = from; step < kSteps; ++step) {
      const auto at_step = static_cast<std::size_t>(step);
      CHECK(again->next(progress(step)) == rows[at_step]);
      CHECK(std::vector<double>(again->weights().begin(), again->weights().end()) ==
            weights[at_step]);
    }
  }
  CHECK(selector.order(at.pool(), Stream(3), 99)->next(0.0).size() == 23);
}

// Different rows that were not chosen yet, as many as asked or as there are; the same stream gives
// the same; nothing of what it looks at changes.
inline void choice_laws(const Selector& selector) {
  Selection at;
  const Archive before = archive_of(at.trained);
  for (const std::vector<int>& chosen : {std::vector<int>{}, std::vector<int>{3, 0, 17}}) {
    const auto left = 23 - chosen.size();
    for (const int count : {1, 9, 23}) {
      const std::vector<int> rows = selector.choose(at.pool(chosen), count, Stream(4));
      CHECK(rows.size() == std::min(left, static_cast<std::size_t>(count)));
      std::set<int> all(chosen.begin(), chosen.end());
      all.insert(rows.begin(), rows.end());
      CHECK(all.size() == chosen.size() + rows.size());
      CHECK((*all.begin() >= 0 && *all.rbegin() < 23));
      CHECK(selector.choose(at.pool(chosen), count, Stream(4)) == rows);
    }
  }
  CHECK(archive_of(at.trained) == before);
}

// A selector orders minibatches, or chooses examples, or both; what it does not do it refuses by
// std::runtime_error.
inline void selector_contract(const std::string& text) {
  CAPTURE(text);
  const auto selector = build<Selector>(text);
  config_contract(*selector);
  Selection at;
  const auto serves = [](const auto& use) {
    try {
      use();
    } catch (const std::runtime_error&) {
      return false;
    }
    return true;
  };
  const bool orders = serves([&] { (void)selector->order(at.pool(), Stream(1), 2)->next(0.0); });
  const bool chooses = serves([&] { (void)selector->choose(at.pool(), 2, Stream(1)); });
  CHECK((orders || chooses));
  if (orders) order_laws(*selector);
  if (chooses) choice_laws(*selector);
}

}  // namespace assay::testing
