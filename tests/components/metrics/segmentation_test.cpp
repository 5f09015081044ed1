#include "components/metrics/segmentation.h"

#include "tests/contracts/metric_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

// Gives the masks that it is fed: the image holds slot numbers, and slot i's mask is 1 where it
// holds i.
struct Masks final : Model {
  Output output() const override { return Output::kInputs; }
  void declare(nn::Parameters&, const DataFormat&, const Stream&) const override {}
  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    nn::Tensor& masks = pass.statistic("it.masks", {batch.count, 3, format.width});
    for (int i = 0; i < batch.count; ++i)
      for (int j = 0; j < format.width; ++j)
        masks.set(
            (std::int64_t{i} * 3 + static_cast<int>(batch.features.at(i, j))) * format.width + j,
            1.0);
    return input_of(pass, format, batch);
  }
  double multiply_adds(const nn::Parameters&, const DataFormat&) const override { return 0.0; }
};

struct Images {
  TrainedModel model;
  Data data;
  Evaluation evaluation;
  Images(int count, const std::vector<double>& truth, const std::vector<double>& found) {
    const int pixels = static_cast<int>(truth.size()) / count;
    model.model = std::make_shared<Masks>();
    model.format = data.format = {false, pixels, 0, 1, 0};
    data.test.count = count;
    data.test.features = nn::Tensor::of({count, pixels}, found);
    data.truth["masks"] = nn::Tensor::of({count, pixels}, truth);
    evaluation.model = &model;
    evaluation.data = &data;
  }
  double measure(const std::string& metric) {
    const Numbers numbers = testing::measure(*build<Metric>("\"" + metric + "\""), evaluation);
    REQUIRE(numbers.size() == 1);
    return numbers[0].second;
  }
};

}  // namespace

TEST_CASE("the adjusted Rand index has its published values") {
  const std::vector<int> two = {0, 0, 1, 1};
  // Of scikit-learn's documentation.
  CHECK(adjusted_rand_index(two, std::vector<int>{0, 0, 1, 2}) ==
        doctest::Approx(0.5714285714).epsilon(1e-9));
  CHECK(adjusted_rand_index(std::vector<int>{0, 0, 0, 0}, std::vector<int>{0, 1, 2, 3}) == 0.0);
  CHECK(adjusted_rand_index(two, std::vector<int>{1, 1, 0, 0}) == 1.0);
  CHECK(adjusted_rand_index(two, std::vector<int>{0, 1, 0, 1}) == doctest::Approx(-0.5));
  // Nothing to tell apart.
  CHECK(adjusted_rand_index(std::vector<int>{2, 2}, std::vector<int>{5, 5}) == 1.0);
  CHECK(adjusted_rand_index(std::vector<int>{2}, std::vector<int>{5}) == 1.0);
  // Yeung and Ruzzo 2001, table 2: 3 x 3 counts 1 1 0, 1 2 1, 0 0 4; index 0.313.
  const int counts[3][3] = {{1, 1, 0}, {1, 2, 1}, {0, 0, 4}};
  std::vector<int> a, b;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < counts[i][j]; ++k) a.push_back(i), b.push_back(j);
  CHECK(adjusted_rand_index(a, b) == doctest::Approx(0.313).epsilon(0.002));
}

TEST_CASE("segmentation metrics by hand leave the background and empty images out") {
  // Image one: objects 1 and 2 told apart, slot 1 spilling over two pixels of background; image
  // two: one slot for both; image three is empty.
  Images images(3, {0, 0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 1, 2, 2, 0, 0, 0, 0, 0, 0, 0},
                {0, 1, 1, 1, 1, 2, 2, 0, 0, 1, 1, 1, 1, 1, 0, 1, 2, 0, 1, 2, 0});
  CHECK(images.measure("foreground-ari") == doctest::Approx((1.0 + 0.0) / 2));
  CHECK(images.measure("mean-best-iou") ==
        doctest::Approx(((2.0 / 4 + 1.0) / 2 + (3.0 / 5 + 2.0 / 5) / 2) / 2));
}

TEST_CASE("segmentation metrics refuse what has no masks") {
  for (const std::string name : {"foreground-ari", "mean-best-iou"}) {
    const auto why = [&](Images images, bool known, const char* split) {
      if (!known) images.data.truth.clear();
      images.evaluation.model = &images.model;
      images.evaluation.data = &images.data;
      images.evaluation.split = split;
      try {
        (void)images.measure(name);
      } catch (const std::runtime_error& error) {
        return std::string(error.what());
      }
      return std::string();
    };
    const Images empty(1, {0, 0}, {1, 1});
    CHECK(why(empty, false, "test") == name + " needs the test split of data with known masks");
    CHECK(why(empty, true, "valid") == name + " needs the test split of data with known masks");
    CHECK(why(empty, true, "test") == name + ": no image shows an object");
    Images other = empty;
    other.data.truth["masks"] = nn::Tensor({2, 2});
    CHECK(why(other, true, "test") ==
          name + ": masks of 1 images of 2 pixels, and known ones of 2 x 2");
    Images plain = empty;
    plain.model = model("\"autoencoder\"", 2, 0);
    CHECK(why(plain, true, "test") == name + ": the model gives no masks");
  }
}
