#include "runner/analyse/intervals.h"

#include <algorithm>
#include <cmath>

#include "tests/analyse/reference.h"

using namespace assay;
using namespace assay::analyse;
using assay::testing::error_of;
using assay::testing::near;
using assay::testing::reference;
using assay::testing::reference_value;

namespace {

Interval bca(const std::vector<double>& values, Centre centre, int resamples = kResamples) {
  Stream stream(7);
  return bca_interval(values, centre, 0.95, stream, resamples);
}

}  // namespace

TEST_CASE("t intervals of R") {
  const auto d = differences(reference("paired t", "a"), reference("paired t", "b"));
  const Interval all = t_interval(d);
  CHECK(all.low == near(reference_value("paired t", "low")));
  CHECK(all.high == near(reference_value("paired t", "high")));
  CHECK(!all.degenerate);
  const Interval narrow = t_interval(d, 0.9);
  CHECK(narrow.low == near(reference("paired t", "interval90")[0]));
  CHECK(narrow.high == near(reference("paired t", "interval90")[1]));
}

TEST_CASE("intervals of too few or of equal values") {
  for (const std::vector<double>& few : {std::vector<double>{}, std::vector<double>{3.0}}) {
    CHECK(t_interval(few).low == -kInfinity);
    CHECK(t_interval(few).high == kInfinity);
    CHECK(bca(few, Centre::kMean).low == -kInfinity);
    CHECK(bca(few, Centre::kMean).degenerate);
  }
  // 0.1 three times: the mean rounds, and a deviation of 1e-17 is none. 2^-3 is above 0.025.
  CHECK(t_interval({{0.1, 0.1, 0.1}}).low == -kInfinity);
  const std::vector<double> six(6, 0.1);  // 2^-6 is below
  for (const Interval& point :
       {t_interval(six), bca(six, Centre::kMean), bca(six, Centre::kMedian)}) {
    CHECK(point.degenerate);
    CHECK(point.low == near(0.1));
    CHECK(point.high == point.low);
  }
}

TEST_CASE("BCa intervals against all resamples") {
  // 400,000 of the 823,543 equally likely resamples: the limits are within a few standard errors
  // of a quantile, some 0.5%, or of one step between attainable means.
  const auto& values = reference("bca", "values");
  const Interval mean = bca(values, Centre::kMean, 400000);
  CHECK(mean.low == near(reference("bca", "mean")[0], 0.01));
  CHECK(mean.high == near(reference("bca", "mean")[1], 0.01));
  const Interval median = bca(values, Centre::kMedian, 100000);
  CHECK(median.low == near(reference("bca", "median")[0]));
  CHECK(median.high == near(reference("bca", "median")[1]));
}

TEST_CASE("BCa intervals repeat by stream, move with the values and lie within them") {
  const std::vector<double> values = {0.3, 1.9, 2.2, 4.1, 9.7, 3.3, 2.9, 8.8};
  std::vector<double> moved;
  for (const double value : values) moved.push_back(64 - 2 * value);
  const Interval one = bca(values, Centre::kMean);
  CHECK(one.low == bca(values, Centre::kMean).low);
  CHECK(one.low >= 0.3);
  CHECK(one.high <= 9.7);
  const Interval other = bca(moved, Centre::kMean);
  CHECK(other.low == near(64 - 2 * one.high, 1e-9));
  CHECK(other.high == near(64 - 2 * one.low, 1e-9));
  // The long tail is to the right, and so is the longer arm.
  const double mean = summarise(values).mean;
  CHECK(one.high - mean > mean - one.low);
}

TEST_CASE("BCa intervals fall back on percentiles where the bias has no quantile") {
  // A single resample lies on one side of the mean.
  const Interval one = bca({1, 2, 4, 9}, Centre::kMean, 1);
  CHECK(one.degenerate);
  CHECK(one.low == one.high);
}

TEST_CASE("intervals refuse what they cannot read") {
  Stream stream(1);
  CHECK(error_of([] {
          return t_interval({{1.0, std::nan(""), 3.0}});
        }) == "t interval: value 2 of 3 is nan; statistics need finite numbers");
  CHECK(error_of([] {
          return t_interval({{1.0, 2.0}}, 1.0);
        }) == "level of confidence = 1 is out of range; allowed: above 0 and below 1");
  CHECK(error_of([&] {
          return bca_interval({{1.0, 2.0}}, Centre::kMean, 0.95, stream, 0);
        }) == "bootstrap interval: needs at least one resample");
  CHECK(error_of([] {
          return differences({{1.0}}, {{1.0, 2.0}});
        }) == "pairs need as many values on both sides, not 1 and 2");
}
