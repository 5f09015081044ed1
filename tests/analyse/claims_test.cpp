#include "runner/analyse/claims.h"

#include <cmath>

#include "tests/analyse/simulated.h"

using namespace assay;
using namespace assay::analyse;

namespace {

using Side = std::vector<std::optional<double>>;

Side side(std::initializer_list<double> values) {
  return {values.begin(), values.end()};
}

Evidence better(Side first, Side second) {
  Evidence out;
  out.sides = {std::move(first), std::move(second)};
  return out;
}

Decision decided(const Evidence& claim) {
  return decide({claim}).front();
}

}  // namespace

TEST_CASE("six seeds that all agree reproduce a claim, five cannot, and the reason is told") {
  const Decision six = decided(better(side({2, 3, 4, 5, 6, 7}), side({1, 1, 1, 1, 1, 1})));
  CHECK(six.verdict == Verdict::kReproduced);
  CHECK(six.p == doctest::Approx(2.0 / 64));
  CHECK(six.effect == doctest::Approx(3.5));
  const Decision five = decided(better(side({2, 3, 4, 5, 6}), side({1, 1, 1, 1, 1})));
  CHECK(five.verdict == Verdict::kInconclusive);
  CHECK(five.reason == "no outcome of 5 seeds reaches the level; 6 could");
}

TEST_CASE("lower can be better, and the other way round refutes") {
  Evidence claim = better(side({1, 1.1, 1, 0.9, 1, 1.05, 1}), side({2, 2, 2.1, 2.2, 2, 1.9, 2}));
  CHECK(decided(claim).verdict == Verdict::kNotReproduced);
  claim.highest = false;
  const Decision lower = decided(claim);
  CHECK(lower.verdict == Verdict::kReproduced);
  CHECK(lower.effect > 0.9);
}

TEST_CASE("a margin must be passed, and an effect below it refutes") {
  Evidence claim =
      better(side({1.1, 1.2, 1.1, 1.2, 1.15, 1.1, 1.2, 1.1}), side({1, 1, 1, 1, 1, 1, 1, 1}));
  CHECK(decided(claim).verdict == Verdict::kReproduced);
  claim.margin = 0.5;
  CHECK(decided(claim).verdict == Verdict::kNotReproduced);
  claim.margin = 0.14;
  CHECK(decided(claim).verdict == Verdict::kInconclusive);
}

TEST_CASE("seeds without a partner are left out and counted") {
  Evidence claim = better(side({2, 3, 4, 5, 6, 7, 8}), side({1, 1, 1, 1, 1, 1, 1}));
  claim.sides[0][2] = std::nullopt;
  const Decision d = decided(claim);
  CHECK(d.pairs == 6);
  CHECK(d.dropped == 1);
  CHECK(d.verdict == Verdict::kReproduced);
  claim.sides[1].assign(7, std::nullopt);
  CHECK(decided(claim).pairs == 0);
  CHECK(decided(claim).verdict == Verdict::kInconclusive);
}

TEST_CASE("equality is shown by a margin, not by a large p") {
  Evidence claim =
      better(side({1.00, 1.01, 0.99, 1.0, 1.01, 0.99}), side({1.0, 1.0, 1.0, 1.0, 1.0, 1.0}));
  claim.question = Question::kEqual;
  claim.margin = 0.05;
  CHECK(decided(claim).verdict == Verdict::kReproduced);
  claim.margin = 0.005;
  CHECK(decided(claim).verdict == Verdict::kInconclusive);
  CHECK(decided(claim).reason == "the interval reaches across the margin; more seeds narrow it");
  claim.sides[0] = side({2, 2.1, 1.9, 2, 2, 2.1});
  CHECK(decided(claim).verdict == Verdict::kNotReproduced);
}

TEST_CASE("bounds, orderings and slopes are decided over the seeds") {
  Evidence bound;
  bound.question = Question::kAtLeast;
  bound.bound = 0.9;
  bound.sides = {side({0.95, 0.96, 0.93, 0.97, 0.94, 0.95})};
  CHECK(decided(bound).verdict == Verdict::kReproduced);
  bound.question = Question::kAtMost;
  CHECK(decided(bound).verdict == Verdict::kNotReproduced);

  Evidence order;
  order.question = Question::kOrdering;
  order.sides = {side({3, 3.1, 3, 3.2, 3, 3}), side({2, 2, 2.1, 2, 2.2, 2}),
                 side({1, 1.1, 1, 1, 1, 1.2})};
  CHECK(decided(order).verdict == Verdict::kReproduced);
  std::swap(order.sides[1], order.sides[2]);
  CHECK(decided(order).verdict == Verdict::kNotReproduced);
  order.test = DecidedBy::kWelch;  // the first two are in order, the next are not
  CHECK(decided(order).verdict == Verdict::kNotReproduced);

  // y = x^-0.5, seed by seed with a factor of its own.
  Evidence slope;
  slope.question = Question::kSlope;
  slope.slope = Question::kEqual;
  slope.bound = -0.5;
  slope.margin = 0.05;
  slope.positions = {100, 200, 400, 800};
  slope.sides.resize(4);
  for (std::size_t s = 0; s < 4; ++s)
    for (int r = 0; r < 6; ++r)
      slope.sides[s].push_back((1 + 0.1 * r) * std::pow(slope.positions[s], -0.5 + 0.001 * r));
  CHECK(decided(slope).verdict == Verdict::kReproduced);
  slope.slope = Question::kAtLeast;
  slope.bound = 0.0;
  CHECK(decided(slope).verdict == Verdict::kNotReproduced);
}

TEST_CASE("many claims make each one harder") {
  const Evidence one = better(side({2, 3, 4, 5, 6, 7}), side({1, 1, 1, 1, 1, 1}));
  const auto two = decide({one, one});
  CHECK(two[0].p == doctest::Approx(2.0 / 64));
  CHECK(two[0].adjusted == doctest::Approx(4.0 / 64));
  CHECK(two[0].verdict == Verdict::kInconclusive);
  CHECK(two[0].reason == "no outcome of 6 seeds reaches the level; 7 could");
}

TEST_CASE("where nothing differs, at most 5% of studies reproduce a claim") {
  // Two claims a study, of which one or both count: the error is that of the whole study.
  constexpr int kStudies = 2000;
  for (const DecidedBy test :
       {DecidedBy::kSignFlip, DecidedBy::kPairedT, DecidedBy::kWilcoxon, DecidedBy::kWelch}) {
    Stream random(static_cast<std::uint64_t>(test) + 1);
    int wrong = 0;
    for (int i = 0; i < kStudies; ++i) {
      std::vector<Evidence> claims = {simulated(random, 8, 0.0, 0.5),
                                      simulated(random, 8, 0.0, 0.5)};
      for (Evidence& claim : claims) claim.test = test;
      const auto decisions = decide(claims);
      wrong += decisions[0].verdict == Verdict::kReproduced ||
               decisions[1].verdict == Verdict::kReproduced;
    }
    CAPTURE(static_cast<int>(test));
    // 5% and 3.1 standard errors of 2,000 draws: passed by chance once in a thousand.
    CHECK(wrong <= kStudies * 0.05 + 3.1 * std::sqrt(kStudies * 0.05 * 0.95));
  }
}

TEST_CASE("a difference as large as the noise is found, mostly") {
  Stream random(9);
  int found = 0;
  for (int i = 0; i < 200; ++i)
    found += decided(simulated(random, 16, 0.7, 0.5)).verdict == Verdict::kReproduced;
  CHECK(found > 150);  // d_z = 1 with 16 pairs: power 0.96 by the t approximation
}
