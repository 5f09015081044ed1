// Shipped data beside the first ones: what is in the files, by hand.
#include <cmath>

#include "tests/contracts/dataset_contract.h"

using namespace assay;
using namespace assay::testing;

TEST_CASE("wine and iris have the sizes and classes of their files") {
  const auto wine = build<Dataset>("\"wine\"")->make();
  CHECK(wine->train.count + wine->valid.count + wine->test.count == 178);
  CHECK(wine->format == DataFormat{false, 13, 0, 1, 3});
  std::vector<int> counts(3);
  for (const char* name : {"train", "valid", "test"})
    for (const auto label : wine->split(name).labels) ++counts[static_cast<std::size_t>(label)];
  CHECK(counts == std::vector<int>{59, 71, 48});
  const auto iris = build<Dataset>("\"iris\"")->make();
  CHECK(iris->format == DataFormat{false, 4, 0, 1, 3});
  CHECK(iris->train.count == 105);
}

TEST_CASE("digits normalised all together keep the brightness of pixels in order") {
  const auto data = build<Dataset>("{ use = \"digits\", normalise = \"global\" }")->make();
  double mean = 0.0, square = 0.0, low = 1e9;
  const auto n = static_cast<double>(data->train.features.count());
  for (std::int64_t i = 0; i < data->train.features.count(); ++i) {
    const double x = data->train.features.get(i);
    mean += x / n;
    square += x * x / n;
    low = std::min(low, x);
  }
  CHECK(std::abs(mean) < 1e-5);
  CHECK(square == doctest::Approx(1.0).epsilon(1e-4));
  CHECK(data->train.features.at(0, 0) == low);  // the corner is black, as the darkest pixel is
}

TEST_CASE("windows of births are the days of the file, the day after them the target") {
  const auto data =
      build<Dataset>("{ use = \"births\", window = 7, horizon = 2, stride = 7 }")->make();
  CHECK(data->format.width == 7);
  CHECK(data->format.targets == 2);
  // 5,113 days to train on, 731 (or 730) to validate, 1,461 to test; windows of nine days.
  CHECK(data->train.count == (5113 - 9) / 7 + 1);
  CHECK(data->valid.count == (731 - 9) / 7 + 1);
  CHECK(data->test.count == (1461 - 9) / 7 + 1);
  // 8486, 9002, … in the file: normalised, ratios of differences stay.
  const auto x = [&](int i) { return data->train.features.at(0, i); };
  CHECK((x(1) - x(0)) / (x(2) - x(0)) == doctest::Approx((9002.0 - 8486) / (9542.0 - 8486)));
  CHECK(data->train.targets.at(0, 0) == data->train.features.at(1, 0));
  CHECK(data->train.targets.at(0, 1) == data->train.features.at(1, 1));
}

TEST_CASE("births are normalised by the training days alone") {
  const auto data = build<Dataset>("{ use = \"births\", window = 1 }")->make();
  double mean = data->train.targets.at(data->train.count - 1, 0) / 5113, square = 0.0;
  for (int i = 0; i < data->train.count; ++i) mean += data->train.features.at(i, 0) / 5113;
  for (int i = 0; i < data->train.count; ++i)
    square += std::pow(data->train.features.at(i, 0) - mean, 2) / 5112;
  CHECK(std::abs(mean) < 1e-5);
  CHECK(square == doctest::Approx(1.0).epsilon(1e-3));
  CHECK(error_of<Dataset>("{ use = \"births\", window = 365, test = 0.01 }") ==
        "it.window = 365 and horizon = 1 do not fit into a part of 73 days");
}
