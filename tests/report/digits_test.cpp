#include "runner/report/digits.h"

#include "runner/report/layout.h"
#include "tests/report/tables.h"

using namespace assay::report;

namespace {

std::vector<std::string> shown(Table table) {
  judge(table);
  std::vector<std::string> out;
  for (const auto& row : lay_out(table).numbers) out.push_back(plain(row[0]));
  return out;
}

std::string one(const std::vector<double>& values) {
  return shown(column({entry(values)}))[0];
}

}  // namespace

TEST_CASE("two significant digits of the spread, and the mean to the same place") {
  CHECK(one({100, 140}) == "120 ± 28");
  CHECK(one({1.0, 1.002}) == "1.0010 ± 0.0014");
  CHECK(one({-1e-4, 1e-4}) == "0.00000 ± 0.00014");
  // 0.09960 rounds to 0.10, which has its two digits one place earlier.
  CHECK(one({1.0, 1.14086}) == "1.07 ± 0.10");
}

TEST_CASE("very small and very large numbers have a common power") {
  CHECK(one({3e-9, 3.4e-9}) == "(3.20 ± 0.28)e-09");
  CHECK(one({2e8, 2.2e8}) == "(2.10 ± 0.14)e+08");
  CHECK(one({4.25e-9}) == "4.25e-09");
}

TEST_CASE("values without spread keep the digits that they have, at most four significant ones") {
  CHECK(one({0.5}) == "0.5");
  CHECK(one({2.0 / 3}) == "0.6667");
  CHECK(one({12345678}) == "12345678");
  CHECK(one({10, 10, 10}) == "10 ± 0");
  CHECK(shown(column({entry({0.25}), entry({0.5})})) == std::vector<std::string>{"0.25", "0.50"});
  CHECK(shown(column({entry({1234.5678}), entry({0.125})})) ==
        std::vector<std::string>{"1235", "0"});
}

TEST_CASE("one format for a value; an entry that it shows no digit of has its own") {
  CHECK(shown(column({entry({1.0, 1.2}), entry({1.0, 1.04}), entry({2.0, 2.0})})) ==
        std::vector<std::string>{"1.100 ± 0.141", "1.020 ± 0.028", "2.000 ± 0"});
  CHECK(shown(column({entry({1.0, 1.2}), entry({1.0, 1.3}), entry({1.0, 1.0002})})) ==
        std::vector<std::string>{"1.10 ± 0.14", "1.15 ± 0.21", "1.00010 ± 0.00014"});
  CHECK(shown(column({entry({1.0, 1.2}), entry({1.0, 1.3}), entry({100.0, 190.0})})) ==
        std::vector<std::string>{"1.10 ± 0.14", "1.15 ± 0.21", "145 ± 64"});
  CHECK(shown(column({entry({1.0, 1.2}), entry({1.0, 1.3}), entry({1.0, 1.024})}))[2] ==
        "1.01 ± 0.02");
}

TEST_CASE("intervals in place of deviations, or nothing") {
  Table table = column({entry({0.10, 0.12, 0.14, 0.12})});
  // s = 0.016330, t(0.975, 3) = 3.18245: half the width is 0.025985.
  table.spread = Spread::kInterval;
  CHECK(shown(table)[0] == "0.120 ± 0.026");
  table.spread = Spread::kNone;
  CHECK(shown(table)[0] == "0.120");
  table.spread = Spread::kBca;
  const std::string bca = shown(table)[0];
  CHECK(bca.starts_with("0.120 [0.1"));
  CHECK(bca.ends_with("]"));
}
