// Factorial designs, lines and curves.
#include "runner/analyse/anova.h"

#include <cmath>

#include "runner/analyse/curves.h"
#include "runner/analyse/regression.h"
#include "tests/analyse/reference.h"

using namespace assay::analyse;
using assay::testing::error_of;
using assay::testing::near;
using assay::testing::reference;
using assay::testing::reference_value;

namespace {

// A reference table's observations; the replicate is what "rep" says, or counts up within cells.
std::vector<Observation> observations(const std::string& name,
                                      const std::vector<std::string>& factors) {
  const auto& values = reference(name, "values");
  std::vector<Observation> out;
  std::map<std::vector<std::size_t>, std::size_t> seen;
  for (std::size_t i = 0; i < values.size(); ++i) {
    Observation one;
    for (const std::string& factor : factors)
      one.levels.push_back(static_cast<std::size_t>(reference(name, factor)[i]));
    one.replicate = seen[one.levels]++;
    one.value = values[i];
    out.push_back(one);
  }
  return out;
}

void check_table(const std::string& name, const std::vector<AnovaRow>& rows) {
  const auto& squares = reference(name, "squares");
  REQUIRE(rows.size() == squares.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO(rows[i].source);
    CHECK(rows[i].squares == near(squares[i], 1e-9));
    CHECK(rows[i].freedom == reference(name, "freedom")[i]);
    if (i + 1 == rows.size()) break;
    CHECK(rows[i].f == near(reference(name, "f")[i], 1e-9));
    CHECK(rows[i].p == near(reference(name, "p")[i], 1e-9));
    CHECK(rows[i].partial_eta_squared == near(squares[i] / (squares[i] + squares.back()), 1e-9));
  }
}

const std::vector<Factor> kTwo = {{"a", 2}, {"b", 2}};

// One value a cell, in the order of the cells.
std::vector<Observation> cells(const std::vector<double>& values) {
  std::vector<Observation> out;
  for (std::size_t i = 0; i < values.size(); ++i)
    out.push_back({{i / 2 % 2, i % 2}, i / 4, values[i]});
  return out;
}

}  // namespace

TEST_CASE("analysis of variance of R, replicates as error and as blocks") {
  check_table("anova",
              anova(std::vector<Factor>{{"supp", 2}, {"dose", 3}},
                    observations("anova", {"supp", "dose"}), {.order = 2, .blocks = false}));
  const std::vector<Factor> three = {{"a", 2}, {"b", 3}, {"c", 2}};
  auto rows = anova(three, observations("anova blocks", {"a", "b", "c"}), {});
  // R lists the blocks after the factors, before the interactions.
  std::rotate(rows.begin() + 3, rows.begin() + 6, rows.begin() + 7);
  check_table("anova blocks", rows);
  CHECK(rows[3].source == "replicate");
  CHECK(rows[4].source == "a:b");
  CHECK(rows.back().source == "error");
}

TEST_CASE("analysis of variance does not depend on the order of arrival, to the bit") {
  const std::vector<Factor> three = {{"a", 2}, {"b", 3}, {"c", 2}};
  auto given = observations("anova blocks", {"a", "b", "c"});
  const auto rows = anova(three, given, {});
  std::reverse(given.begin(), given.end());
  const auto again = anova(three, given, {});
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(rows[i].p == again[i].p);
}

TEST_CASE("analysis of variance of numbers without noise") {
  const auto rows = anova(kTwo, cells({1.1, 1.1, 3.3, 3.3}), {.order = 1, .blocks = true});
  REQUIRE(rows.size() == 3);
  CHECK(std::isinf(rows[0].f));
  CHECK(rows[0].p == 0.0);
  CHECK(rows[0].partial_eta_squared == 1.0);
  CHECK(rows[1].p == 1.0);
  CHECK(rows[1].partial_eta_squared == 0.0);
  for (const AnovaRow& row : anova(kTwo, cells({0.1, 0.1, 0.1, 0.1}), {.order = 1, .blocks = true}))
    CHECK(row.p == 1.0);
}

TEST_CASE("analysis of variance refuses what is not balanced") {
  const auto refusal = [](const std::vector<Observation>& given, std::size_t order = 1) {
    return error_of([&] { return anova(kTwo, given, {.order = order, .blocks = true}); });
  };
  auto short_one = cells({1, 2, 3, 4, 5, 6, 7, 8});
  short_one.pop_back();
  CHECK(
      refusal(short_one) ==
      "analysis of variance: no value at a = level 2, b = level 2, replicate 1; the design must be "
      "balanced");
  auto doubled = cells({1, 2, 3, 4});
  doubled.push_back(doubled[1]);
  CHECK(
      refusal(doubled) ==
      "analysis of variance: two values at a = level 1, b = level 2, replicate 0; the design must "
      "be balanced");
  CHECK(refusal({{{0, 2}, 0, 1.0}}) == "analysis of variance: factor b has 2 levels, not level 3");
  CHECK(refusal({{{0}, 0, 1.0}}) ==
        "analysis of variance: an observation needs a level for each of the 2 factors");
  CHECK(refusal({{{0, 0}, 9, 1.0}}) ==
        "analysis of variance: replicates are not numbered 0, 1, 2 …");
  CHECK(refusal({{{0, 0}, 0, std::nan("")}}) ==
        "analysis of variance: the value at a = level 1, b = level 1, replicate 0 is not finite");
  CHECK(refusal(cells({1, 2, 3, 4}), 2) ==
        "analysis of variance: no degrees of freedom are left for the error; take replicates, or "
        "pool "
        "the highest interactions");
}

TEST_CASE("lines of R, plain and log-log") {
  for (const auto& [name, scale] :
       {std::pair{"line", Scale::kPlain}, {"line log", Scale::kLogLog}}) {
    const Line line = fit_line(reference(name, "x"), reference(name, "y"), scale);
    CHECK(line.slope == near(reference_value(name, "slope")));
    CHECK(line.intercept == near(reference_value(name, "intercept")));
    CHECK(line.error == near(reference_value(name, "error")));
    CHECK(line.r_squared == near(reference_value(name, "r_squared")));
    CHECK(line.slope_interval.low == near(reference(name, "interval")[0]));
    CHECK(line.slope_interval.high == near(reference(name, "interval")[1]));
  }
}

TEST_CASE("lines through few or flat points") {
  const Line two = fit_line({{1, 2}}, {{3, 5}}, Scale::kPlain);
  CHECK(two.slope == 2.0);
  CHECK(std::isinf(two.error));
  CHECK(std::isinf(two.slope_interval.high));
  CHECK(fit_line({{1, 2, 3}}, {{4, 4, 4}}, Scale::kPlain).r_squared == 0.0);
  const Line power = fit_line({{1, 10, 100}}, {{5, 0.05, 0.0005}}, Scale::kLogLog);
  CHECK(power.slope == near(-2.0));
  CHECK(power.r_squared == near(1.0));
  const auto refusal = [](std::vector<double> x, std::vector<double> y, Scale scale) {
    return error_of([&] { return fit_line(x, y, scale); });
  };
  CHECK(refusal({1, 1}, {1, 2}, Scale::kPlain) == "a line needs points at more than one x");
  CHECK(refusal({1}, {1}, Scale::kPlain) ==
        "a line needs at least two points, with x and y for each");
  CHECK(refusal({1, 0}, {1, 2}, Scale::kLogLog) ==
        "x = 0 has no logarithm: a log-log line needs values above 0");
}

TEST_CASE("areas under curves and values between their points, by hand") {
  const std::vector<double> budget = {1, 2, 4};
  const std::vector<double> value = {0, 2, 6};
  const Curve curve{budget, value};
  CHECK(value_at(curve, 3, Axis::kLinear) == 4.0);
  CHECK(value_at(curve, std::sqrt(8.0), Axis::kLog) == near(4.0));
  CHECK(value_at(curve, 4, Axis::kLog) == 6.0);
  CHECK(area_under(curve, {1, 4}, Axis::kLinear).area == 9.0);
  CHECK(area_under(curve, {1, 4}, Axis::kLinear).mean == 3.0);
  CHECK(area_under(curve, {1.5, 3}, Axis::kLinear).area == 0.75 + 3.0);
  CHECK(area_under(curve, {1, 4}, Axis::kLog).mean == near(2.5));  // (1 + 4) / 2
  CHECK(area_under(curve, {3, 3}, Axis::kLinear).mean == 4.0);
  const std::vector<double> later = {2, 8};
  const Curve other{later, std::span(value).first(2)};
  const Range range = common_range(std::vector<Curve>{curve, other});
  CHECK(range.low == 2);
  CHECK(range.high == 4);
}

TEST_CASE("curves refuse to say what they do not know") {
  const std::vector<double> budget = {1, 2};
  const std::vector<double> back = {2, 2};
  const std::vector<double> zero = {0, 2};
  const std::vector<double> far = {5, 6};
  const std::vector<double> value = {3, 4};
  CHECK(error_of([&] {
          return value_at({budget, value}, 2.5, Axis::kLinear);
        }) == "budget 2.5 is outside the curve, which covers 1 to 2");
  CHECK(error_of([&] {
          return area_under({budget, value}, {0.5, 2}, Axis::kLinear);
        }) == "budget 0.5 is outside the curve, which covers 1 to 2");
  CHECK(error_of([&] {
          return value_at({back, value}, 2, Axis::kLinear);
        }) == "budgets of a curve must ascend, but 2 follows 2");
  CHECK(error_of([&] {
          return value_at({zero, value}, 1, Axis::kLog);
        }) == "budget 0 has no place on a log axis");
  CHECK(error_of([&] {
          return common_range(std::vector<Curve>{{budget, value}, {far, value}});
        }) == "the curves have no budget in common: one ends at 2, another begins at 5");
}
