#include "runner/explain/bits.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace assay::explain {

namespace {

store::CellRecord record() {
  store::CellRecord out;
  out.metrics = {{"eval.accuracy", 0.5}, {"eval.nll", -0.0}};
  out.curves = {{"base.loss", {0, 10}, {2.0, 1.0}}};
  out.seconds = 1, out.finished = 2;
  return out;
}

}  // namespace

TEST_CASE("times and origin are no difference, NaN is itself") {
  store::CellRecord a = record(), b = record();
  a.seconds = 5, a.finished = 7, a.origin = {1, 2};
  a.metrics.push_back({"eval.bad", std::numeric_limits<double>::quiet_NaN()});
  b.metrics.push_back(a.metrics.back());
  CHECK(bit_differences(a, b).empty());
}

TEST_CASE("one bit is a difference, and so is the sign of zero") {
  const store::CellRecord a = record();
  store::CellRecord b = record();
  b.metrics[0].value = std::nextafter(0.5, 1.0);
  b.metrics[1].value = 0.0;
  const auto found = bit_differences(a, b);
  REQUIRE(found.size() == 2);
  CHECK(found[0].what == "eval.accuracy");
  CHECK(found[0].after == "0.5000000000000001");
  CHECK(found[1].before == "-0.0");
  CHECK(stage_of(found[1]) == "eval");
}

TEST_CASE("a curve is told by its first other point, or by its length") {
  const store::CellRecord a = record();
  store::CellRecord b = record();
  b.curves[0].value[1] = 1.25;
  CHECK(bit_differences(a, b).at(0).what == "base.loss at step 10.0");
  b = record();
  b.curves[0].step.pop_back(), b.curves[0].value.pop_back();
  CHECK(bit_differences(a, b).at(0).after == "1 points");
  b.curves.clear();
  CHECK(bit_differences(a, b).at(0).after == "absent");
}

TEST_CASE("a failed cell differs from a done one by its state") {
  store::CellRecord b = record();
  b.status = store::Status::kFailed, b.failed_stage = "eval", b.message = "no";
  CHECK(bit_differences(record(), b).at(0).after == "failed in eval: no");
}

TEST_CASE("archives differ by the first part that is another one") {
  Archive a, b;
  const std::vector<double> one = {1, 2}, other = {1, 3};
  a.put("w", std::span(one), {2}), b.put("w", std::span(one), {2});
  CHECK(archive_difference(a, b).empty());
  b.put_text("note", "x");
  CHECK(archive_difference(a, b) == "note");
  b.put("w", std::span(other), {2});
  CHECK(archive_difference(a, b) == "w");
}

}  // namespace assay::explain
