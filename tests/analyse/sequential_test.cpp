// Power, floors and sequential levels.
#include "runner/analyse/sequential.h"

#include <cmath>

#include "runner/analyse/paired.h"
#include "runner/analyse/power.h"
#include "tests/analyse/reference.h"

using namespace assay::analyse;
using assay::testing::error_of;
using assay::testing::near;
using assay::testing::reference;
using assay::testing::reference_value;

namespace {

std::vector<Look> looks(std::vector<std::size_t> sizes, Alternative side, Spending spending) {
  return sequential_looks(sizes, 0.05, side, spending);
}

}  // namespace

TEST_CASE("floors: five pairs never pass an exact two-sided test at 0.05") {
  CHECK(smallest_p(Test::kWilcoxon, 5, Alternative::kTwoSided) == 0.0625);
  CHECK(smallest_p(Test::kSignFlip, 5, Alternative::kGreater) == 0.03125);
  CHECK(smallest_p(Test::kPairedT, 2, Alternative::kTwoSided) == 0.0);
  CHECK(smallest_p(Test::kPairedT, 1, Alternative::kTwoSided) == 1.0);
  CHECK(smallest_p(Test::kSignFlip, 0, Alternative::kTwoSided) == 1.0);
  CHECK(smallest_p(Test::kSignFlip, 50, Alternative::kGreater) == 1e-4);
  CHECK(pairs_to_reach(Test::kWilcoxon, 0.05, Alternative::kTwoSided) == 6);
  CHECK(pairs_to_reach(Test::kSignFlip, 0.05, Alternative::kLess) == 5);
  CHECK(pairs_to_reach(Test::kPairedT, 1e-9, Alternative::kTwoSided) == 2);
  // The tests themselves reach their floors, and no less.
  assay::Stream stream(1);
  std::vector<double> d;
  for (std::size_t n = 1; n <= 12; ++n) {
    d.push_back(1 + 0.1 * static_cast<double>(n));
    for (const Alternative side : {Alternative::kTwoSided, Alternative::kGreater}) {
      CHECK(wilcoxon(d, side).p == near(smallest_p(Test::kWilcoxon, n, side)));
      CHECK(sign_flip(d, side, stream).p == smallest_p(Test::kSignFlip, n, side));
    }
  }
}

TEST_CASE("power of R") {
  CHECK(paired_t_power(10, 0.8, 0.05, Alternative::kTwoSided) ==
        near(reference_value("power", "power"), 1e-8));
  CHECK(paired_t_power(6, 1.0, 0.05, Alternative::kGreater) ==
        near(reference_value("power", "one_sided"), 1e-8));
  CHECK(paired_t_power(6, -1.0, 0.05, Alternative::kLess) ==
        near(reference_value("power", "one_sided"), 1e-8));
  CHECK(detectable_effect(Test::kPairedT, 8, 0.05, 0.8, Alternative::kTwoSided) ==
        near(reference_value("power", "detectable"), 1e-6));
  CHECK(pairs_needed(Test::kPairedT, 0.5, 0.05, 0.9, Alternative::kTwoSided) ==
        std::ceil(reference_value("power", "needed")));
}

TEST_CASE("exact tests need their floor, however large the effect") {
  CHECK(std::isinf(detectable_effect(Test::kSignFlip, 5, 0.05, 0.8, Alternative::kTwoSided)));
  CHECK(detectable_effect(Test::kSignFlip, 6, 0.05, 0.8, Alternative::kTwoSided) ==
        detectable_effect(Test::kPairedT, 6, 0.05, 0.8, Alternative::kTwoSided));
  CHECK(pairs_needed(Test::kSignFlip, 10, 0.05, 0.8, Alternative::kTwoSided) == 6);
  CHECK(pairs_needed(Test::kPairedT, 10, 0.05, 0.8, Alternative::kTwoSided) == 3);
  CHECK(paired_t_power(1, 3.0, 0.05, Alternative::kGreater) == 0.0);
  CHECK(error_of([] { return pairs_needed(Test::kPairedT, 0, 0.05, 0.8, Alternative::kLess); }) ==
        "an effect of 0 standard deviations needs more than 10000000 pairs");
  CHECK(error_of([] {
          return detectable_effect(Test::kPairedT, 5, 0.05, 0.04, Alternative::kLess);
        }) == "power = 0.04 is no more than alpha = 0.05, which a test has without any effect");
  CHECK(error_of([] { return pairs_to_reach(Test::kSignFlip, 1e-7, Alternative::kLess); }) ==
        "nothing was thrown");
}

TEST_CASE("boundaries of Lan and DeMets as printed") {
  const auto pocock = looks({1, 2, 3, 4, 5}, Alternative::kTwoSided, Spending::kPocock);
  const auto flemming = looks({1, 2, 3, 4, 5}, Alternative::kTwoSided, Spending::kObrienFleming);
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(pocock[k].boundary == near(reference("lan demets", "pocock")[k], 5e-5));
    CHECK(flemming[k].boundary == near(reference("lan demets", "obrien_fleming")[k], 5e-5));
  }
}

TEST_CASE("boundaries of uneven looks against a plain grid") {
  for (const auto& [name, side, spending] :
       {std::tuple{"pocock_two", Alternative::kTwoSided, Spending::kPocock},
        {"obrien_fleming_two", Alternative::kTwoSided, Spending::kObrienFleming},
        {"pocock_one", Alternative::kLess, Spending::kPocock},
        {"obrien_fleming_one", Alternative::kGreater, Spending::kObrienFleming}}) {
    const auto found = looks({5, 8, 12, 18, 30}, side, spending);
    // The grid of the reference is the coarser one: 1e-5 or so.
    for (std::size_t k = 0; k < 5; ++k)
      CHECK(found[k].boundary == near(reference("sequential", name)[k], 2e-5));
  }
}

TEST_CASE("one look is the fixed test, and all alpha is spent in the end") {
  for (const Spending spending : {Spending::kPocock, Spending::kObrienFleming}) {
    const Look only = looks({7}, Alternative::kTwoSided, spending).front();
    CHECK(only.level == near(0.05, 1e-9));
    CHECK(only.boundary == near(1.959963984540054, 1e-9));
    CHECK(only.confidence == near(0.95, 1e-9));
    CHECK(looks({7}, Alternative::kLess, spending).front().confidence == near(0.9, 1e-9));
    double before = 0.0;
    for (const Look& look : looks({10, 11, 12, 20, 21, 40}, Alternative::kGreater, spending)) {
      CHECK(look.spent >= before);
      CHECK(look.level <= 0.05);
      CHECK(look.level > 0.0);
      CHECK(stops(look, look.level));
      CHECK(!stops(look, look.level * 1.001));
      before = look.spent;
    }
    CHECK(before == near(0.05, 1e-12));
  }
}

TEST_CASE("a look too early to spend anything stops nothing, and its alpha is kept") {
  const auto early = looks({1, 50, 100}, Alternative::kTwoSided, Spending::kObrienFleming);
  CHECK(std::isinf(early[0].boundary));
  CHECK(early[0].level == 0.0);
  CHECK(early[0].confidence == 1.0);
  const auto without = looks({50, 100}, Alternative::kTwoSided, Spending::kObrienFleming);
  CHECK(early[1].boundary == near(without[0].boundary, 1e-9));
  CHECK(early[2].boundary == near(without[1].boundary, 1e-9));
}

TEST_CASE("sequential designs refuse looks that do not ascend") {
  CHECK(error_of([] {
          return looks({5, 5}, Alternative::kLess, Spending::kPocock);
        }) == "sequential test: each look must have more seeds than the one before");
  CHECK(error_of([] { return looks({}, Alternative::kLess, Spending::kPocock); }) ==
        "sequential test: needs looks, each with at least one seed");
}
