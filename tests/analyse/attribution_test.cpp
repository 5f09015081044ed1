#include "runner/analyse/attribution.h"

#include <bit>
#include <map>
#include <set>

using namespace assay;
using namespace assay::analyse;
using design::Subset;

namespace {

// y(S) = sum of the terms whose parts are all in S, plus something of the replicate's own that all
// systems share: the effects are then known in closed form.
struct Planted {
  int parts;
  std::map<Subset, double> terms;
  std::set<std::pair<Subset, std::size_t>> missing;

  Measurements measurements() const {
    return {parts, 3, [this](Subset system, std::size_t replicate) -> std::optional<double> {
              if (missing.count({system, replicate})) return std::nullopt;
              double sum = 10.0 * static_cast<double>(replicate);
              for (const auto& [term, value] : terms)
                if ((term & ~system) == 0) sum += value;
              return sum;
            }};
  }
  // Sum over the terms that hold all of `of`, each times weight(number of its parts).
  template <class Weight>
  double sum(Subset of, const Weight& weight) const {
    double out = 0.0;
    for (const auto& [term, value] : terms)
      if ((of & ~term) == 0) out += value * weight(std::popcount(term));
    return out;
  }
};

Planted planted(int parts, int most_parts_of_a_term, std::uint64_t key) {
  Stream random(key);
  Planted out{parts, {}, {}};
  for (Subset term = 0; term <= design::full_system(parts); ++term)
    if (std::popcount(term) <= most_parts_of_a_term) out.terms[term] = random.normal();
  return out;
}

void check(const Worth& effect, double truth) {
  REQUIRE(effect.values.size() == 3);
  for (const double value : effect.values) CHECK(value == doctest::Approx(truth).epsilon(1e-9));
}

Subset bit(int i) {
  return Subset{1} << i;
}

}  // namespace

TEST_CASE("effects are those of a planted system") {
  const Planted truth = planted(5, 5, 1);
  const Measurements measured = truth.measurements();
  const auto whole = [](int) { return 1.0; };
  const auto removed = removal_effects(measured), added = addition_effects(measured);
  const auto main = main_effects(measured, design::full_factorial(5).subsets);
  const auto shapley = shapley_values(measured, {});
  double total = 0.0;
  for (int i = 0; i < 5; ++i) {
    const auto at = static_cast<std::size_t>(i);
    check(removed[at], truth.sum(bit(i), whole));
    check(added[at], truth.terms.at(bit(i)));
    check(main[at], truth.sum(bit(i), [](int n) { return std::exp2(1 - n); }));
    check(shapley[at], truth.sum(bit(i), [](int n) { return 1.0 / n; }));
    CHECK(shapley[at].sampling_error == 0.0);
    total += shapley[at].values[0];
  }
  CHECK(total == doctest::Approx(*measured.value(0b11111, 0) - *measured.value(0, 0)));
}

TEST_CASE("interactions are those of a planted system") {
  const Planted truth = planted(4, 4, 2);
  const auto around = removal_interactions(truth.measurements());
  const auto mean = factorial_interactions(truth.measurements(), design::full_factorial(4));
  REQUIRE(around.size() == 6);
  REQUIRE(mean.size() == 6);
  for (std::size_t k = 0; k < 6; ++k) {
    const Subset both = bit(around[k].first) | bit(around[k].second);
    check(around[k].effect, truth.sum(both, [](int) { return 1.0; }));
    check(mean[k].effect, truth.sum(both, [](int n) { return std::exp2(2 - n); }));
    CHECK(mean[k].aliases.empty());
  }
}

TEST_CASE("a path gives each part what it adds at its place") {
  const Planted truth = planted(3, 3, 3);
  const Measurements measured = truth.measurements();
  const auto effects = path_effects(measured, {1, 2, 0});
  check(effects[1], *measured.value(0b111, 0) - *measured.value(0b101, 0));
  check(effects[2], *measured.value(0b101, 0) - *measured.value(0b001, 0));
  check(effects[0], *measured.value(0b001, 0) - *measured.value(0b000, 0));
}

TEST_CASE("a fraction of resolution 5 tells effects and pairs apart") {
  const Planted truth = planted(6, 2, 4);
  const auto points = design::fractional_factorial(6, 5);
  REQUIRE(points.subsets.size() == 32);
  const auto main = main_effects(truth.measurements(), points.subsets);
  for (int i = 0; i < 6; ++i)
    check(main[static_cast<std::size_t>(i)],
          truth.sum(bit(i), [](int n) { return std::exp2(1 - n); }));
  for (const auto& one : factorial_interactions(truth.measurements(), points)) {
    check(one.effect, truth.terms.at(bit(one.first) | bit(one.second)));
    CHECK(one.aliases.empty());
  }
}

TEST_CASE("a fraction of resolution 4 says which pairs it adds up") {
  const Planted truth = planted(4, 2, 5);
  const auto points = design::fractional_factorial(4, 4);
  REQUIRE(points.subsets.size() == 8);
  for (const auto& one : factorial_interactions(truth.measurements(), points)) {
    REQUIRE(one.aliases.size() == 1);
    const auto [i, j] = one.aliases[0];
    check(one.effect,
          truth.terms.at(bit(one.first) | bit(one.second)) + truth.terms.at(bit(i) | bit(j)));
  }
}

TEST_CASE("sampled Shapley values come near the exact ones, within the error that they state") {
  const Planted truth = planted(10, 3, 6);
  const auto points = design::shapley(10, 400, Stream(1));
  const auto sampled = shapley_values(truth.measurements(), points.orders);
  int within = 0;
  for (int i = 0; i < 10; ++i) {
    const Worth& effect = sampled[static_cast<std::size_t>(i)];
    const double exact = truth.sum(bit(i), [](int n) { return 1.0 / n; });
    CHECK(effect.sampling_error > 0.0);
    CHECK(std::abs(effect.values[0] - exact) < 5 * effect.sampling_error);
    within += std::abs(effect.values[0] - exact) < 2 * effect.sampling_error;
  }
  CHECK(within >= 7);  // 95% each: 7 or fewer of 10 are one chance in a thousand
}

TEST_CASE("orders in pairs are exact where parts interact in pairs alone") {
  // In an order and its reverse each other part comes once before and once after.
  const Planted truth = planted(9, 2, 7);
  const auto points = design::shapley(9, 1, Stream(1));
  const auto sampled = shapley_values(truth.measurements(), points.orders);
  for (int i = 0; i < 9; ++i)
    check(sampled[static_cast<std::size_t>(i)], truth.sum(bit(i), [](int n) { return 1.0 / n; }));
}

TEST_CASE("a replicate without one of its systems is left out of the effects that need it") {
  Planted truth = planted(3, 3, 8);
  truth.missing = {{0b110, 1}};
  const auto effects = removal_effects(truth.measurements());
  CHECK(effects[0].replicates == std::vector<std::size_t>{0, 2});
  CHECK(effects[1].replicates == std::vector<std::size_t>{0, 1, 2});
  CHECK(shapley_values(truth.measurements(), {})[2].replicates == std::vector<std::size_t>{0, 2});
}
