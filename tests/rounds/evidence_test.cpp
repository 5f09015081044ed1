#include "runner/rounds/evidence.h"

#include "runner/config/curve_place.h"

using namespace assay;
using rounds::measured;

namespace {

store::CellRecord record() {
  store::CellRecord out;
  out.status = store::Status::kDone;
  out.metrics = {{"eval.accuracy", 0.9}, {"eval.nll", HUGE_VAL}};
  out.curves = {{"base.loss", {0, 100, 300}, {4.0, 2.0, 1.0}},
                {"base.wild", {0, 100}, {1.0, HUGE_VAL}}};
  return out;
}

std::string wrong_in(const std::string& metric) {
  std::string wrong;
  (void)config::curve_place(metric, wrong);
  return wrong;
}

}  // namespace

TEST_CASE("a metric is read from a cell that is done, if it is finite") {
  store::CellRecord cell = record();
  CHECK(measured(&cell, "eval.accuracy") == 0.9);
  CHECK(!measured(&cell, "eval.nll"));
  CHECK(!measured(&cell, "eval.other"));
  CHECK(!measured(nullptr, "eval.accuracy"));
  cell.status = store::Status::kFailed;
  CHECK(!measured(&cell, "eval.accuracy"));
}

TEST_CASE("a curve is read straight between its points, and not beyond them") {
  const store::CellRecord cell = record();
  CHECK(measured(&cell, "base.loss@0") == 4.0);
  CHECK(measured(&cell, "base.loss@50") == 3.0);
  CHECK(measured(&cell, "base.loss@200") == 1.5);
  CHECK(measured(&cell, "base.loss@300") == 1.0);
  CHECK(!measured(&cell, "base.loss@301"));
  CHECK(!measured(&cell, "base.loss@-1"));
  CHECK(!measured(&cell, "base.other@1"));
  // Trapezoids: 100 * 3 to step 100, 200 * 1.5 after it.
  CHECK(*measured(&cell, "base.loss@0..300") == doctest::Approx(2.0));
  CHECK(*measured(&cell, "base.loss@50..100") == doctest::Approx(2.5));
  CHECK(!measured(&cell, "base.loss@200..400"));
  CHECK(!measured(&cell, "base.wild@50"));
}

TEST_CASE("what stands behind @ is a step or two that ascend") {
  CHECK(wrong_in("base.loss") == "");
  CHECK(wrong_in("base.loss@5e2") == "");
  CHECK(wrong_in("base.loss@-1..2.5") == "");
  for (const char* metric : {"base.loss@", "base.loss@x", "base.loss@1..", "base.loss@..2",
                             "base.loss@1 2", "base.loss@inf", "base.loss@1@2"})
    CHECK(wrong_in(metric) ==
          "behind @ stands a step of the curve, as in @500, or two, as in @100..500");
  CHECK(wrong_in("base.loss@2..2") == "the steps behind @ must ascend");
}
