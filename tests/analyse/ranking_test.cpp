// Many variants: Friedman, Nemenyi, groups, and corrections for many claims.
#include "runner/analyse/ranking.h"

#include <algorithm>
#include <cmath>

#include "runner/analyse/multiplicity.h"
#include "tests/analyse/reference.h"
#include "tests/properties.h"

using namespace assay::analyse;
using assay::testing::error_of;
using assay::testing::holds;
using assay::testing::near;
using assay::testing::reference;
using assay::testing::reference_value;
using Groups = std::vector<std::vector<std::size_t>>;

TEST_CASE("Friedman's test of R, with ties, and Iman and Davenport's F") {
  const Friedman f = friedman(reference("friedman", "scores"), 3);
  CHECK(f.tasks == 22);
  CHECK(f.chi_squared.statistic == near(reference_value("friedman", "statistic")));
  CHECK(f.chi_squared.p == near(reference_value("friedman", "p")));
  CHECK(f.f.statistic == near(reference_value("friedman", "f")));
  CHECK(f.f.p == near(reference_value("friedman", "f_p")));
  CHECK(f.error_freedom == 42);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(f.average_ranks[i] == near(reference("friedman", "ranks")[i]));
}

TEST_CASE("Friedman's test where ranks say everything or nothing") {
  const Friedman agreed = friedman({{1, 2, 3, 10, 20, 30, 5, 6, 7}}, 3);
  CHECK(agreed.chi_squared.statistic == near(6.0));  // n (k - 1)
  CHECK(std::isinf(agreed.f.statistic));
  CHECK(agreed.f.p == near(1.0 / 36));  // 3! orders, two tasks that follow the first
  const Friedman halves = friedman({{1, 1, 2, 1, 1, 2}}, 3);
  CHECK(halves.f.p == near(1.0 / 3));
  const Friedman tied = friedman({{1, 1, 1, 2, 2, 2}}, 3);
  CHECK(tied.chi_squared.p == 1.0);
  CHECK(tied.f.p == 1.0);
  CHECK(friedman({{1, 2, 3}}, 3).f.degenerate);
  CHECK(friedman({}, 3).average_ranks == std::vector<double>(3, 2.0));
  CHECK(error_of([] {
          return friedman({{1, 2, 3}}, 2);
        }) == "Friedman's test: 3 scores are no whole number of tasks of 2 variants");
}

TEST_CASE("Friedman's test of two variants is the sign test's square") {
  // 8 of 10 tasks for one: chi-squared (8 - 2)^2 / 10.
  std::vector<double> scores;
  for (int task = 0; task < 10; ++task) {
    scores.push_back(task < 8 ? 1 : 0);
    scores.push_back(0.5);
  }
  CHECK(friedman(scores, 2).chi_squared.statistic == near(3.6));
}

TEST_CASE("the studentised range of R") {
  for (std::size_t i = 0; i < 4; ++i) {
    const auto k = static_cast<std::size_t>(reference("range", "count")[i]);
    // R's own algorithm is good to about 8 digits.
    CHECK(normal_range_cdf(reference("range", "q")[i], k) ==
          near(reference("range", "cdf")[i], 1e-7));
    CHECK(normal_range_quantile(0.95, k) == near(reference("range", "q05")[i], 1e-6));
    CHECK(normal_range_quantile(0.9, k) == near(reference("range", "q10")[i], 1e-6));
    CHECK(normal_range_quantile(0.999, k) == near(reference("range", "q001")[i], 1e-6));
  }
  CHECK(normal_range_cdf(0.0, 3) == 0.0);
  // Two values: their difference is normal with variance 2.
  CHECK(normal_range_cdf(1.3, 2) == near(std::erf(1.3 / 2), 1e-12));
}

TEST_CASE("critical differences as in Demsar's example") {
  CHECK(critical_difference(4, 14) == near(reference_value("demsar", "difference"), 0.004));
  CHECK(normal_range_quantile(0.95, 4) / std::sqrt(2.0) ==
        near(reference_value("demsar", "q"), 2e-4));
  CHECK(std::isinf(critical_difference(4, 0)));
  CHECK(error_of([] { return critical_difference(1, 3); }) ==
        "critical difference: needs at least two variants");
}

TEST_CASE("groups that ranks cannot tell apart") {
  CHECK(rank_groups({{3.1, 2.0, 2.9, 1.9}}, 1.15) == Groups{{3, 1, 2}, {1, 2, 0}});
  CHECK(rank_groups({{1.0, 2.0, 3.0, 4.0}}, 1.0).empty());  // a full critical difference differs
  CHECK(rank_groups({{1.0, 2.0, 3.0, 4.0}}, 1.1) == Groups{{0, 1}, {1, 2}, {2, 3}});
  CHECK(rank_groups({{1.0, 1.5, 2.0, 4.0}}, 1.1) == Groups{{0, 1, 2}});
  CHECK(rank_groups({{2.0, 2.0}}, 0.5) == Groups{{0, 1}});
  CHECK(rank_groups({}, 1.0).empty());
}

TEST_CASE("groups are exactly the maximal cliques") {
  holds("cliques", [] {
    std::vector<double> ranks;
    for (int i = *rc::gen::inRange(0, 8); i > 0; --i)
      ranks.push_back(*rc::gen::inRange(0, 20) * 0.25);
    const Groups groups = rank_groups(ranks, 1.3);
    const auto together = [&](std::size_t a, std::size_t b) {
      return std::any_of(groups.begin(), groups.end(), [&](const auto& group) {
        return std::count(group.begin(), group.end(), a) +
                   std::count(group.begin(), group.end(), b) ==
               2;
      });
    };
    for (std::size_t a = 0; a < ranks.size(); ++a)
      for (std::size_t b = 0; b < a; ++b)
        RC_ASSERT(together(a, b) == (std::abs(ranks[a] - ranks[b]) < 1.3));
    for (std::size_t g = 1; g < groups.size(); ++g) {
      RC_ASSERT(ranks[groups[g].front()] >= ranks[groups[g - 1].front()]);
      RC_ASSERT(ranks[groups[g].back()] > ranks[groups[g - 1].back()]);
    }
  });
}

TEST_CASE("adjusted p values of R") {
  const auto& p = reference("multiplicity", "p");
  for (std::size_t i = 0; i < p.size(); ++i) {
    CHECK(holm(p)[i] == near(reference("multiplicity", "holm")[i]));
    CHECK(benjamini_hochberg(p)[i] == near(reference("multiplicity", "bh")[i]));
  }
  CHECK(holm({}).empty());
  CHECK(error_of([] {
          return holm({{0.1, std::nan("")}});
        }) == "p = nan is out of range; allowed: 0 to 1");
}

TEST_CASE("adjusted p values keep the order, lie between p and 1, and Holm's are the larger") {
  holds("laws", [] {
    std::vector<double> p;
    for (int i = *rc::gen::inRange(0, 10); i > 0; --i)
      p.push_back(*rc::gen::inRange(0, 101) * 0.01);
    const std::vector<double> h = holm(p);
    const std::vector<double> bh = benjamini_hochberg(p);
    for (std::size_t i = 0; i < p.size(); ++i) {
      RC_ASSERT(p[i] <= bh[i] && bh[i] <= h[i] + 1e-15 && h[i] <= 1);
      for (std::size_t j = 0; j < p.size(); ++j)
        RC_ASSERT(p[i] > p[j] || (h[i] <= h[j] && bh[i] <= bh[j]));
    }
  });
}
