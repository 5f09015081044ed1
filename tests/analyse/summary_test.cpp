#include "runner/analyse/summary.h"

#include <cmath>

using namespace assay::analyse;

namespace {

Summary of(const std::vector<double>& values) {
  return summarise(values);
}

}  // namespace

TEST_CASE("a summary of values known by hand") {
  const Summary s = of({9, 2, 4, 4, 5, 4, 5, 7});
  CHECK(s.count == 8);
  CHECK(s.mean == 5.0);
  CHECK(s.deviation == doctest::Approx(std::sqrt(32.0 / 7)).epsilon(1e-15));
  CHECK(s.median == 4.5);
  CHECK(s.minimum == 2.0);
  CHECK(s.maximum == 9.0);
  CHECK(of({3, 1, 2}).median == 2.0);
}

TEST_CASE("one value has no spread, and none has nothing") {
  const Summary one = of({3});
  CHECK(one.deviation == 0.0);
  CHECK(one.median == 3.0);
  CHECK(std::isinf(half_width_95(one)));
  CHECK(of({}).count == 0);
  CHECK(std::isinf(half_width_95(of({}))));
}

TEST_CASE("the deviation survives a large mean") {
  // Sums of squares would lose all digits here.
  CHECK(of({1e9 + 1, 1e9 + 2, 1e9 + 3}).deviation == 1.0);
}

TEST_CASE("half widths are those of tables of Student's t") {
  // t(0.975) for 1, 2, 4, 9 and 29 degrees of freedom, from printed tables: 3 decimals.
  const std::vector<std::pair<std::size_t, double>> known = {
      {2, 12.706}, {3, 4.303}, {5, 2.776}, {10, 2.262}, {30, 2.045}};
  for (const auto& [n, t] : known) {
    Summary s;
    s.count = n;
    s.deviation = 1.0;
    CHECK(half_width_95(s) * std::sqrt(static_cast<double>(n)) == doctest::Approx(t).epsilon(3e-4));
  }
  // {1, 2}: sd = 1/sqrt 2, so the half width is tan(0.475 pi) / 2: t with one degree is Cauchy's.
  CHECK(half_width_95(of({1, 2})) ==
        doctest::Approx(std::tan(0.475 * 3.14159265358979323846) / 2).epsilon(1e-12));
}
