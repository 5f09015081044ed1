#include "runner/analyse/paired.h"

#include <cmath>

#include "runner/analyse/intervals.h"
#include "runner/analyse/ranks.h"
#include "tests/analyse/reference.h"
#include "tests/properties.h"

using namespace assay;
using namespace assay::analyse;
using assay::testing::error_of;
using assay::testing::holds;
using assay::testing::near;
using assay::testing::reference;
using assay::testing::reference_value;

namespace {

constexpr Alternative kSides[] = {Alternative::kTwoSided, Alternative::kGreater,
                                  Alternative::kLess};

Outcome flips(std::span<const double> values, Alternative side, double shift = 0.0) {
  Stream stream(5);
  return sign_flip(values, side, stream, shift);
}

// Few different values, halves among them, so that ties and zeros are common.
std::vector<double> some_values(int most) {
  std::vector<double> out;
  for (int i = *rc::gen::inRange(1, most); i > 0; --i)
    out.push_back(*rc::gen::inRange(-9, 10) * 0.5);
  return out;
}

// The part of all sign patterns with a statistic at least (or at most) that of the values as they
// are.
template <class Statistic>
double by_enumeration(const std::vector<double>& values, Alternative side,
                      const Statistic& statistic) {
  const double seen = statistic(values);
  double greater = 0;
  double less = 0;
  const unsigned all = 1U << values.size();
  for (unsigned pattern = 0; pattern < all; ++pattern) {
    std::vector<double> flipped = values;
    for (std::size_t i = 0; i < values.size(); ++i)
      if ((pattern >> i & 1U) != 0) flipped[i] = -flipped[i];
    greater += statistic(flipped) >= seen ? 1 : 0;
    less += statistic(flipped) <= seen ? 1 : 0;
  }
  return side_of(greater / all, less / all, side);
}

double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

// The quadratic definition of midranks.
double rank_sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double one : values) {
    if (one <= 0) continue;
    double rank = 0.5;
    for (const double other : values)
      if (other != 0) rank += std::abs(other) < one ? 1 : (std::abs(other) == one ? 0.5 : 0);
    sum += rank;
  }
  return sum;
}

}  // namespace

TEST_CASE("paired t tests of R") {
  const auto d = differences(reference("paired t", "a"), reference("paired t", "b"));
  const Outcome two = paired_t(d, Alternative::kTwoSided);
  CHECK(two.statistic == near(reference_value("paired t", "t")));
  CHECK(two.p == near(reference_value("paired t", "p")));
  CHECK(two.freedom == 9);
  CHECK(paired_t(d, Alternative::kGreater, -2).p == near(reference_value("paired t", "greater")));
  CHECK(paired_t(d, Alternative::kLess, -2).p == near(reference_value("paired t", "less")));
}

TEST_CASE("sign flips of Darwin's maize: Fisher's count") {
  const auto& d = reference("sign flip", "differences");
  CHECK(flips(d, Alternative::kGreater).p == reference_value("sign flip", "count") / 32768);
  CHECK(flips(d, Alternative::kGreater).p == near(reference_value("sign flip", "greater")));
  CHECK(flips(d, Alternative::kTwoSided).p == near(reference_value("sign flip", "two")));
  CHECK(flips(d, Alternative::kLess).p == near(reference_value("sign flip", "less")));
  CHECK(flips(d, Alternative::kGreater).exact);
  Stream stream(1);
  const Interval interval = sign_flip_interval(d, 0.95, stream);
  CHECK(interval.low == near(reference("sign flip", "interval")[0], 1e-7));
  CHECK(interval.high == near(reference("sign flip", "interval")[1], 1e-7));
}

TEST_CASE("Wilcoxon's test of R, of ties by enumeration, and beyond exact ranks") {
  const auto d = differences(reference("wilcoxon", "a"), reference("wilcoxon", "b"));
  CHECK(wilcoxon(d, Alternative::kGreater).statistic == reference_value("wilcoxon", "v"));
  CHECK(wilcoxon(d, Alternative::kGreater).p == near(reference_value("wilcoxon", "greater")));
  CHECK(wilcoxon(d, Alternative::kTwoSided).p == near(reference_value("wilcoxon", "two")));
  const auto& ties = reference("wilcoxon ties", "values");
  CHECK(wilcoxon(ties, Alternative::kGreater).p ==
        near(reference_value("wilcoxon ties", "greater")));
  CHECK(wilcoxon(ties, Alternative::kLess).p == near(reference_value("wilcoxon ties", "less")));
  CHECK(wilcoxon(ties, Alternative::kTwoSided).p == near(reference_value("wilcoxon ties", "two")));
  CHECK(wilcoxon(ties, Alternative::kTwoSided).used == 11);
  const auto& many = reference("wilcoxon many", "values");
  CHECK(wilcoxon(many, Alternative::kTwoSided).statistic == reference_value("wilcoxon many", "v"));
  CHECK(wilcoxon(many, Alternative::kGreater).p ==
        near(reference_value("wilcoxon many", "greater")));
  CHECK(wilcoxon(many, Alternative::kTwoSided).p ==
        near(reference_value("wilcoxon many", "p"), 2e-4));
  CHECK(!wilcoxon(many, Alternative::kTwoSided).exact);
}

TEST_CASE("exact tests equal the enumeration of all sign patterns, ties and zeros too") {
  holds("sign flips and ranks", [] {
    const std::vector<double> values = some_values(10);
    const Alternative side = kSides[*rc::gen::inRange(0, 3)];
    RC_ASSERT(flips(values, side).p == by_enumeration(values, side, sum_of));
    RC_ASSERT(std::abs(wilcoxon(values, side).p - by_enumeration(values, side, rank_sum_of)) <
              1e-14);
  });
}

TEST_CASE("tests of pairs: mirrored, shifted, and p in [0, 1]") {
  holds("laws", [] {
    const std::vector<double> values = some_values(14);
    std::vector<double> mirrored;
    std::vector<double> moved;
    for (const double value : values) mirrored.push_back(-value), moved.push_back(value + 0.75);
    const double shift = *rc::gen::inRange(-6, 7) * 0.25;
    const auto check = [&](const auto& test) {
      for (const Alternative side : kSides) {
        const double p = test(values, side, shift).p;
        RC_ASSERT(p >= 0 && p <= 1);
        RC_ASSERT(std::abs(test(moved, side, shift + 0.75).p - p) < 1e-12);
      }
      RC_ASSERT(std::abs(test(values, Alternative::kGreater, shift).p -
                         test(mirrored, Alternative::kLess, -shift).p) < 1e-12);
      RC_ASSERT(std::abs(test(values, Alternative::kTwoSided, shift).p -
                         test(mirrored, Alternative::kTwoSided, -shift).p) < 1e-12);
    };
    check(paired_t), check(flips), check(wilcoxon);
  });
}

TEST_CASE("the sign-flip interval holds what the test does not reject, and nothing else") {
  holds("inversion", [] {
    const std::vector<double> values = some_values(14);
    Stream stream(1);
    const Interval interval = sign_flip_interval(values, 0.9, stream);
    const double shift = *rc::gen::inRange(-90, 90) * 0.1 + 0.013;
    const bool inside = interval.low < shift && shift < interval.high;
    RC_ASSERT(inside == (flips(values, Alternative::kTwoSided, shift).p > 0.1 + 1e-12));
  });
}

TEST_CASE("differences that decimal numbers leave unequal in their last digits are ties") {
  const std::vector<double> values = {0.91 - 0.90, 0.81 - 0.80, 0.51 - 0.50, 0.30 - 0.31, 0.0};
  CHECK(flips(values, Alternative::kGreater).p == 10.0 / 32);  // 0 or 1 of four negative: 5/16
  CHECK(wilcoxon(values, Alternative::kGreater).p == 5.0 / 16);
  const std::vector<double> tenths = {0.1 + 0.2, 0.3, 0.3};
  CHECK(flips(tenths, Alternative::kTwoSided, 0.3).p == 1.0);
  CHECK(wilcoxon(tenths, Alternative::kTwoSided, 0.3).used == 0);
  CHECK(paired_t(tenths, Alternative::kTwoSided, 0.3).p == 1.0);
}

TEST_CASE("beyond the exact limit flips are sampled: near the exact p, never 0, same by stream") {
  std::vector<double> values;
  for (int i = 0; i < 40; ++i) values.push_back(std::sin(i) + 0.25);
  const Outcome sampled = flips(values, Alternative::kGreater);
  CHECK(!sampled.exact);
  CHECK(sampled.p == flips(values, Alternative::kGreater).p);
  // For 40 bounded values the t test is close; the sampled p has a standard error of 0.002.
  CHECK(std::abs(sampled.p - paired_t(values, Alternative::kGreater).p) < 0.01);
  CHECK(flips(std::vector<double>(40, 1.0), Alternative::kGreater).p == 1.0 / (kFlips + 1));
  Stream stream(5);
  const Interval interval = sign_flip_interval(values, 0.95, stream);
  CHECK(flips(values, Alternative::kTwoSided, interval.low - 1e-6).p <= 0.05);
  CHECK(flips(values, Alternative::kTwoSided, interval.low + 1e-6).p > 0.05);
  CHECK(flips(values, Alternative::kTwoSided, interval.high + 1e-6).p <= 0.05);
}

TEST_CASE("too few pairs, and pairs that do not differ") {
  for (const Alternative side : kSides) {
    CHECK(paired_t({{1.0}}, side).p == 1.0);
    CHECK(paired_t({}, side).degenerate);
    CHECK(flips({}, side).p == 1.0);
    CHECK(wilcoxon({{0.0, 0.0}}, side).p == 1.0);
    CHECK(paired_t({{0.0, 0.0, 0.0}}, side).p == 1.0);
  }
  const std::vector<double> equal(5, 0.1);
  for (const Alternative side : kSides) CHECK(paired_t(equal, side).p == flips(equal, side).p);
  CHECK(paired_t(equal, Alternative::kTwoSided).p == 0.0625);
  CHECK(paired_t(equal, Alternative::kLess).p == 1.0);
  CHECK(std::isinf(paired_t(equal, Alternative::kLess).statistic));
  Stream stream(1);
  CHECK(std::isinf(sign_flip_interval(equal, 0.95, stream).low));
  CHECK(error_of([] {
          return paired_t({{1.0, 2.0}}, Alternative::kLess, std::nan(""));
        }) == "shift: value 1 of 1 is nan; statistics need finite numbers");
}

TEST_CASE("ranks share ties by their mean") {
  const Ranks ranks = ranked({{3.0, 1.0, 3.0, 2.0, 3.0}}, 0.0);
  CHECK(ranks.rank == std::vector<double>{4, 1, 4, 2, 4});
  CHECK(ranks.groups == std::vector<std::size_t>{1, 1, 3});
  CHECK(ranks.ties == 24);
}
