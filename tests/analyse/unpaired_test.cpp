// Welch's test, equivalence and effect sizes.
#include <cmath>

#include "runner/analyse/effect_size.h"
#include "runner/analyse/equivalence.h"
#include "runner/analyse/intervals.h"
#include "runner/analyse/noncentral_t.h"
#include "runner/analyse/welch.h"
#include "tests/analyse/reference.h"
#include "tests/properties.h"

using namespace assay::analyse;
using assay::testing::error_of;
using assay::testing::holds;
using assay::testing::near;
using assay::testing::reference;
using assay::testing::reference_value;

TEST_CASE("Welch's test of R") {
  const auto& a = reference("welch", "a");
  const auto& b = reference("welch", "b");
  const Outcome two = welch(a, b, Alternative::kTwoSided);
  CHECK(two.statistic == near(reference_value("welch", "t")));
  CHECK(two.freedom == near(reference_value("welch", "freedom")));
  CHECK(two.p == near(reference_value("welch", "p")));
  CHECK(welch_interval(a, b).low == near(reference("welch", "interval")[0]));
  CHECK(welch_interval(a, b).high == near(reference("welch", "interval")[1]));
  const Outcome uneven = welch(reference("welch uneven", "a"), reference("welch uneven", "b"),
                               Alternative::kGreater, -1);
  CHECK(uneven.freedom == near(reference_value("welch uneven", "freedom")));
  CHECK(uneven.p == near(reference_value("welch uneven", "p")));
}

TEST_CASE("Welch's test swaps sides with its samples and follows a shift") {
  holds("laws", [] {
    const auto values = [](int least) {
      std::vector<double> out;
      for (int i = *rc::gen::inRange(least, 9); i > 0; --i)
        out.push_back(*rc::gen::inRange(-9, 10));
      return out;
    };
    const std::vector<double> a = values(0);
    const std::vector<double> b = values(0);
    std::vector<double> moved = a;
    for (double& value : moved) value += 2;
    const double p = welch(a, b, Alternative::kGreater, 0.5).p;
    RC_ASSERT(p >= 0 && p <= 1);
    RC_ASSERT(std::abs(welch(b, a, Alternative::kLess, -0.5).p - p) < 1e-12);
    RC_ASSERT(std::abs(welch(moved, b, Alternative::kGreater, 2.5).p - p) < 1e-9);
  });
}

TEST_CASE("Welch's test of too few or of equal values") {
  CHECK(welch({{1.0}}, {{1.0, 2.0}}, Alternative::kTwoSided).p == 1.0);
  CHECK(std::isinf(welch_interval({{1.0}}, {{1.0, 2.0}}).high));
  const std::vector<double> a(3, 0.5);
  const std::vector<double> b(4, 0.25);
  CHECK(welch(a, b, Alternative::kGreater).p == near(1.0 / 35));  // 7 over 3 groupings
  CHECK(welch(a, b, Alternative::kLess).p == 1.0);
  CHECK(welch(a, b, Alternative::kGreater, 0.25).p == 1.0);
  CHECK(welch_interval(a, b, 0.9).low == 0.25);
  CHECK(std::isinf(welch_interval(a, b, 0.95).low));
  // One side without spread is no obstacle: the other's degrees of freedom remain.
  CHECK(welch(a, {{1.0, 2.0, 4.0}}, Alternative::kLess).freedom == near(2.0));
}

TEST_CASE("equivalence and non-inferiority are R's one-sided tests") {
  const auto d = differences(reference("paired t", "a"), reference("paired t", "b"));
  // The side nearer to the margin decides: -1.58 is nearer to -2 than to 2.
  CHECK(equivalent(d, 2).outcome.p == near(reference_value("paired t", "greater")));
  CHECK(not_inferior(d, 2).outcome.p == near(reference_value("paired t", "greater")));
  CHECK(equivalent(d, 2).interval.low == near(reference("paired t", "interval90")[0]));
  const auto& a = reference("welch", "a");
  const auto& b = reference("welch", "b");
  CHECK(equivalent(a, b, 3).outcome.p == near(reference_value("welch", "above")));
  CHECK(not_inferior(b, a, 3).outcome.p == near(reference_value("welch", "below")));
  CHECK(not_inferior(a, b, 3).interval.low == near(reference("welch", "interval90")[0]));
}

TEST_CASE("p of equivalence is at most alpha exactly where the interval keeps off the margin") {
  holds("agreement", [] {
    std::vector<double> d;
    for (int i = *rc::gen::inRange(0, 12); i > 0; --i) d.push_back(*rc::gen::inRange(-4, 5) * 0.3);
    const double margin = *rc::gen::inRange(1, 30) * 0.1 + 0.007;
    const double alpha = *rc::gen::element(0.01, 0.05, 0.1);
    const Equivalence both = equivalent(d, margin, alpha);
    RC_ASSERT((both.outcome.p <= alpha) ==
              (both.interval.low > -margin && both.interval.high < margin));
    const Equivalence one = not_inferior(d, margin, alpha);
    RC_ASSERT((one.outcome.p <= alpha) == (one.interval.low > -margin));
  });
}

TEST_CASE("equivalence refuses margins and levels that mean nothing") {
  const std::vector<double> d = {1.0, 2.0};
  CHECK(error_of([&] { return equivalent(d, 0.0); }) ==
        "margin = 0 is out of range; allowed: above 0, finite");
  CHECK(error_of([&] { return not_inferior(d, -1.0); }) ==
        "margin = -1 is out of range; allowed: at least 0, finite");
  CHECK(error_of([&] { return equivalent(d, 1.0, 0.5); }) ==
        "alpha = 0.5 is out of range; allowed: above 0 and below 0.5");
}

TEST_CASE("the noncentral t of R, and of integrals where R has none") {
  for (const auto& [name, digits] : {std::pair{"noncentral t", 1e-9}, {"noncentral t far", 1e-8}})
    for (std::size_t i = 0; i < reference(name, "t").size(); ++i) {
      const double t = reference(name, "t")[i];
      const double freedom = reference(name, "freedom")[i];
      const double above = reference(name, "above")[i];
      CHECK(noncentral_t_above(t, freedom, reference(name, "delta")[i]) == near(above, digits));
      CHECK(noncentrality_at(t, freedom, above) == near(reference(name, "delta")[i], 1e-6));
    }
  // The series and the integral meet where one takes over.
  CHECK(noncentral_t_above(29.999999, 4, 25) == near(noncentral_t_above(30.000001, 4, 25), 1e-6));
  CHECK(noncentral_t_above(3, 1, -29.999999) < 1e-12);
}

TEST_CASE("effect sizes of paired differences") {
  const Effect effect = paired_effect(reference("effect", "differences"));
  CHECK(effect.value == near(reference_value("effect", "d")));
  CHECK(effect.interval.low == near(reference_value("effect", "low"), 1e-7));
  CHECK(effect.interval.high == near(reference_value("effect", "high"), 1e-7));
  CHECK(hedges_factor(9) == near(reference_value("effect", "factor9")));
  CHECK(effect.hedges == near(effect.value * reference_value("effect", "factor9")));
  CHECK(hedges_factor(1) == 0.0);
  CHECK(hedges_factor(1e6) == near(1 - 0.75e-6, 1e-9));
  // Nearly constant: t is 22,000, and the interval must still hold d.
  const Effect steep = paired_effect({{1.0, 1.0001, 1.0002, 0.9999, 1.0}});
  CHECK(steep.interval.low < steep.value);
  CHECK(steep.value < steep.interval.high);
  CHECK(paired_effect({{2.0}}).value == 0.0);
  CHECK(paired_effect({{2.0}}).degenerate);
  CHECK(paired_effect({{2.0, 2.0}}).value == kInfinity);
  CHECK(paired_effect({{0.0, 0.0}}).value == 0.0);
}

TEST_CASE("Cliff's delta and win rates") {
  const auto& a = reference("cliff", "a");
  const auto& b = reference("cliff", "b");
  CHECK(cliffs_delta(a, b) == near(reference_value("cliff", "delta")));
  CHECK(cliffs_delta(b, a) == near(-reference_value("cliff", "delta")));
  CHECK(cliffs_delta({{2.0, 3.0}}, {{1.0}}) == 1.0);
  CHECK(cliffs_delta({}, {{1.0}}) == 0.0);
  CHECK(cliffs_delta({{0.1 + 0.2}}, {{0.3}}) == 0.0);
  CHECK(win_rate({{1.0, 2.0, -1.0, 0.0}}) == 0.625);
  CHECK(win_rate({}) == 0.5);
}
