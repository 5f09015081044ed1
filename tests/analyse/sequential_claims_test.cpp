#include "runner/analyse/sequential_claims.h"

#include <cmath>

#include "runner/analyse/multiplicity.h"
#include "runner/analyse/sequential.h"
#include "tests/analyse/simulated.h"
#include "tests/properties.h"

using namespace assay;
using namespace assay::analyse;

namespace {

using Sizes = std::vector<std::size_t>;

// Looks until nothing is open, as a run does.
std::vector<Decision> decided(SequentialClaims out, const std::vector<Evidence>& claims) {
  const auto any_open = [&] {
    for (std::size_t i = 0; i < claims.size(); ++i)
      if (out.open(i)) return true;
    return false;
  };
  while (any_open()) out.look(claims);
  return out.decisions();
}

std::vector<Decision> decided(const Sizes& sizes, const std::vector<Evidence>& claims) {
  return decided(SequentialClaims(sizes, claims), claims);
}

Evidence constant(std::size_t seeds, double effect) {
  Evidence out;
  out.sides.resize(2);
  for (std::size_t r = 0; r < seeds; ++r) {
    const double wobble = 0.01 * static_cast<double>(r % 3);
    out.sides[0].push_back(effect + wobble);
    out.sides[1].push_back(0.02 * static_cast<double>(r % 2));
  }
  return out;
}

bool reproduced(const Decision& decision) {
  return decision.verdict == Verdict::kReproduced;
}

}  // namespace

TEST_CASE("looks grow by half and end at the most") {
  CHECK(look_sizes(5, 30) == Sizes{5, 8, 12, 18, 30});
  CHECK(look_sizes(6, 30) == Sizes{6, 9, 14, 21, 30});
  CHECK(look_sizes(2, 3) == Sizes{2, 3});
  CHECK(look_sizes(4, 4) == Sizes{4});
  testing::holds("ascending, from min to max, no step far beyond half", [] {
    const auto min = *rc::gen::inRange<std::size_t>(2, 100);
    const auto max = min + *rc::gen::inRange<std::size_t>(0, 300);
    const Sizes sizes = look_sizes(min, max);
    RC_ASSERT(sizes.front() == min);
    RC_ASSERT(sizes.back() == max);
    for (std::size_t i = 1; i < sizes.size(); ++i) {
      RC_ASSERT(sizes[i] > sizes[i - 1]);
      RC_ASSERT(sizes[i] <= 2 * sizes[i - 1] + 2);
    }
  });
}

TEST_CASE("the level of a look grows with alpha, and reads backwards to it") {
  const std::vector<double> alphas = {1e-5, 0.001, 0.01, 0.025, 0.05, 0.1, 0.3, 0.5};
  for (const Sizes& sizes :
       {Sizes{5, 8, 12, 18, 30}, Sizes{6, 9}, Sizes{2, 3, 5, 8, 12, 18, 27, 40}})
    for (const Alternative side : {Alternative::kTwoSided, Alternative::kGreater}) {
      const LookLevels levels(sizes, 1, side, alphas);
      for (std::size_t look = 1; look < sizes.size(); ++look)
        for (std::size_t a = 0; a < alphas.size(); ++a) {
          const double level = levels.level(look, alphas[a]);
          CAPTURE(look);
          CAPTURE(alphas[a]);
          if (a > 0) CHECK(level > levels.level(look, alphas[a - 1]));
          CHECK(levels.alpha_of(look, level) == doctest::Approx(alphas[a]));
          CHECK(levels.alpha_of(look, level * 1.0001) > alphas[a]);
        }
      CHECK(levels.level(0, 0.05) == 0.0);
      CHECK(levels.alpha_of(0, 1e-9) == 1.0);
    }
}

TEST_CASE("looks that the test's smallest p rules out decide nothing and cost nothing") {
  Evidence claim;
  CHECK(first_look({5, 8, 12}, claim) == 1);  // five sign flips never get below 0.0625
  CHECK(first_look({3, 4, 5}, claim) == 3);
  claim.test = DecidedBy::kPairedT;
  CHECK(first_look({5, 8, 12}, claim) == 0);
  claim.test = DecidedBy::kSignFlip;
  const auto looks =
      sequential_looks(Sizes{8, 12}, 0.05, Alternative::kTwoSided, Spending::kPocock);
  CHECK(last_level({5, 8, 12}, claim, 1) == looks[1].level);
  CHECK(last_level({3, 4, 5}, claim, 1) == 0.0);
}

TEST_CASE(
    "a large effect stops early, its opposite is refuted early, and noise goes on to the end") {
  Stream random(4);
  Evidence worse = constant(30, -3.0);
  const auto all =
      decided({5, 8, 12, 18, 30}, {constant(30, 3.0), worse, simulated(random, 30, 0)});
  CHECK(all[0].verdict == Verdict::kReproduced);
  CHECK(all[0].looked == 12);  // of three claims none passes at 8: the smallest p is 0.0078
  CHECK(all[0].pairs == 12);
  CHECK(all[0].most == 30);
  CHECK(all[1].verdict == Verdict::kNotReproduced);
  CHECK(all[1].looked == 8);
  CHECK(all[2].verdict == Verdict::kInconclusive);
  CHECK(all[2].looked == 30);
  CHECK_FALSE(all[2].reason.empty());
}

TEST_CASE("one look is the test that it would be without looks") {
  Stream random(5);
  for (int i = 0; i < 20; ++i) {
    const std::vector<Evidence> claims = {simulated(random, 12, 0.6), simulated(random, 12, 0.4)};
    const auto once = decide(claims), looked = decided({12}, claims);
    for (std::size_t c = 0; c < claims.size(); ++c) {
      CHECK(once[c].verdict == looked[c].verdict);
      CHECK(once[c].p == looked[c].p);
      CHECK(once[c].interval.low == doctest::Approx(looked[c].interval.low));
      // An effect on the other side counts as p = 1 here.
      if (once[0].effect > 0 && once[1].effect > 0 && once[c].adjusted < 0.5)
        CHECK(once[c].adjusted == doctest::Approx(looked[c].adjusted).epsilon(1e-3));
    }
  }
}

TEST_CASE("what is decided stays as it was, and counts for the others") {
  // By itself the second claim reaches its level of 8 seeds beside a decided one, not beside two
  // that are open.
  std::vector<Evidence> claims = {constant(30, 3.0), constant(30, 1.0)};
  SequentialClaims both({8, 12, 30}, claims);
  both.look(claims);
  CHECK(reproduced(both.decisions()[0]));
  const Decision before = both.decisions()[0];
  claims[0].sides[0].assign(30, -100.0);
  if (both.open(1)) both.look(claims);
  CHECK(both.decisions()[0].effect == before.effect);
  CHECK(both.decisions()[0].looked == 8);
}

TEST_CASE("seeds that lack a cell are dropped; where all are, no more are asked for") {
  Evidence claim = constant(30, 3.0);
  claim.sides[0][1] = std::nullopt;
  const auto some = decided({8, 12, 30}, {claim});
  CHECK(reproduced(some[0]));
  CHECK(some[0].pairs == some[0].looked - 1);
  CHECK(some[0].dropped == 1);
  claim.sides[1].assign(30, std::nullopt);
  SequentialClaims none({8, 12, 30}, {claim});
  CHECK(none.open(0));
  none.look({claim});
  CHECK_FALSE(none.open(0));
  CHECK(none.decisions()[0].verdict == Verdict::kInconclusive);
  CHECK(none.decisions()[0].dropped == 8);
}

TEST_CASE("where nothing differs, at most 5% of studies with added seeds reproduce a claim") {
  constexpr int kStudies = 2000;
  const double most = kStudies * 0.05 + 3.1 * std::sqrt(kStudies * 0.05 * 0.95);
  int any = 0;
  for (const DecidedBy test : {DecidedBy::kSignFlip, DecidedBy::kPairedT}) {
    Stream random(static_cast<std::uint64_t>(test) + 1);
    const auto study = [&](double second) {
      std::vector<Evidence> claims = {simulated(random, 12, 0.0), simulated(random, 12, second)};
      for (Evidence& claim : claims) claim.test = test;
      return claims;
    };
    const SequentialClaims fresh(look_sizes(5, 12), study(0.0));  // its levels take a while
    int wrong = 0, beside_a_true_one = 0;
    for (int i = 0; i < kStudies; ++i) {
      const auto nothing = decided(fresh, study(0.0));
      wrong += reproduced(nothing[0]) || reproduced(nothing[1]);
      // Of t alone: counting all sign patterns takes its time.
      if (test == DecidedBy::kPairedT)
        beside_a_true_one += reproduced(decided(fresh, study(3.0))[0]);
    }
    CAPTURE(static_cast<int>(test));
    CHECK(wrong <= most);
    CHECK(beside_a_true_one <= most);
    any += wrong + beside_a_true_one;
  }
  CHECK(any > 0);  // else nothing was tested
}
