#include <cmath>
#include <set>

#include "tests/contracts/dataset_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

std::vector<int> row_of(const nn::Tensor& t, int row) {
  std::vector<int> out;
  for (int j = 0; j < t.shape()[1]; ++j) out.push_back(static_cast<int>(t.at(row, j)));
  return out;
}

}  // namespace

TEST_CASE("sprites keep the contract of data sets with one object and with several") {
  for (const char* text :
       {"{ use = \"sprites\", side = 9, objects_max = 3, noise = 0.1, examples = 30 }",
        "{ use = \"sprites\", objects_min = 2, objects_max = 3, occlusion = \"none\", "
        "examples = 30, greys = 1, sizes = 1 }"})
    dataset_contract(text);
}

TEST_CASE("one object takes every point of the factor grid once") {
  const auto data = build<Dataset>(
                        "{ use = \"sprites\", sizes = 2, orientations = 2, greys = 2, places = 2, "
                        "shapes = [\"triangle\", \"square\"] }")
                        ->make();
  CHECK(data->train.count + data->valid.count + data->test.count == 64);
  CHECK(data->test.count == 6);
  const nn::Tensor& factors = data->truth.at("factors");
  REQUIRE(factors.shape() == nn::Shape{6, 6});
  std::set<std::vector<float>> images;
  for (const char* name : {"train", "valid", "test"}) {
    const Examples& split = data->split(name);
    for (int i = 0; i < split.count; ++i) {
      const auto image = split.features.floats().subspan(static_cast<std::size_t>(i) * 256, 256);
      images.insert({image.begin(), image.end()});
    }
  }
  CHECK(images.size() == 64);
}

TEST_CASE("shapes have the areas and centres that geometry gives them") {
  const auto data = build<Dataset>(
                        "{ use = \"sprites\", side = 64, sizes = 1, greys = 1, places = 3, "
                        "orientations = 5 }")
                        ->make();
  const double r = 64 * 0.19, root = std::sqrt(3.0);
  const double areas[] = {2 * r * r, 0.6 * std::acos(-1.0) * r * r, 0.75 * root * r * r};
  for (int i = 0; i < data->test.count; ++i) {
    const std::vector<int> f = row_of(data->truth.at("factors"), i);
    double area = 0.0, x = 0.0, y = 0.0, shown = 0.0;
    for (int pixel = 0; pixel < 64 * 64; ++pixel) {
      const double value = data->test.features.at(i, pixel);
      area += value;
      x += value * (pixel % 64 + 0.5);
      y += value * (static_cast<double>(pixel / 64) + 0.5);
      shown += data->truth.at("masks").at(i, pixel);
    }
    const double expected = areas[f[0]];
    CHECK(area == doctest::Approx(expected).epsilon(0.02));  // 16 points in a pixel
    CHECK(shown == doctest::Approx(expected).epsilon(0.1));  // a row of pixels more or less
    CHECK(x / area == doctest::Approx(r + f[4] * (32 - r)).epsilon(0.01));
    CHECK(y / area == doctest::Approx(r + f[5] * (32 - r)).epsilon(0.01));
  }
}

TEST_CASE("objects that may not overlap share no pixel, and masks name those that are there") {
  const auto data = build<Dataset>(
                        "{ use = \"sprites\", objects_min = 2, objects_max = 3, examples = 200, "
                        "occlusion = \"none\", greys = 3 }")
                        ->make();
  std::set<std::size_t> numbers;
  for (int i = 0; i < data->test.count; ++i) {
    const std::vector<int> f = row_of(data->truth.at("factors"), i);
    const std::vector<int> mask = row_of(data->truth.at("masks"), i);
    std::set<int> there(mask.begin(), mask.end());
    there.erase(0);
    const auto known = static_cast<std::size_t>(3 - std::count(f.begin(), f.end(), -1) / 6);
    CHECK(there.size() == known);
    numbers.insert(known);
    // Alone on black, no pixel is brighter than its object, and one of it has its full grey.
    for (const int object : there) {
      const double grey = 0.4 + 0.3 * f[static_cast<std::size_t>(6 * (object - 1) + 3)];
      double brightest = 0.0;
      for (int pixel = 0; pixel < 256; ++pixel)
        if (mask[static_cast<std::size_t>(pixel)] == object)
          brightest = std::max(brightest, data->test.features.at(i, pixel));
      CHECK(brightest == doctest::Approx(grey));
    }
  }
  CHECK(numbers == std::set<std::size_t>{2, 3});
}

TEST_CASE("sprites refuse what cannot be") {
  CHECK(error_of<Dataset>("{ use = \"sprites\", objects_min = 3, objects_max = 2 }") ==
        "it.objects_min = 3 is more than objects_max = 2");
  CHECK(error_of<Dataset>("{ use = \"sprites\", shapes = [\"square\", \"square\"] }") ==
        "it.shapes holds one twice");
  const auto crowded = build<Dataset>(
      "{ use = \"sprites\", side = 6, objects_min = 16, objects_max = 16, occlusion = \"none\" }");
  std::string why;
  try {
    (void)crowded->make();
  } catch (const std::runtime_error& error) {
    why = error.what();
  }
  CHECK(why == "sprites: 16 objects found no room without overlap in 10000 tries");
}
