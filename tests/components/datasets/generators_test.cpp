// Generators of sequences and of planted structure: what they say of themselves is so.
#include <cmath>
#include <set>

#include "tests/contracts/dataset_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

std::shared_ptr<const Data> make(const std::string& text) {
  return build<Dataset>("{ use = " + text + " }")->make();
}
int at(const std::vector<std::int32_t>& values, int i) {
  return values[static_cast<std::size_t>(i)];
}

}  // namespace

TEST_CASE("a mixture's outputs are those of the expert that is said to have made the example") {
  const auto data = make("\"moe-mixture\", kind = \"targets\", noise = 0.0, outputs = 3");
  const nn::Tensor &centres = data->truth.at("centres"), &maps = data->truth.at("experts"),
                   &assignment = data->truth.at("assignment");
  REQUIRE(maps.shape() == nn::Shape{4, 3, 8});
  std::vector<int> counts(4);
  double square = 0.0;
  for (int i = 0; i < data->test.count; ++i) {
    const int k = static_cast<int>(assignment.get(i));
    ++counts[static_cast<std::size_t>(k)];
    for (int o = 0; o < 3; ++o) {
      double y = 0.0;
      for (int j = 0; j < 8; ++j)
        y += maps.at(k * 3 + o, j) * (data->test.features.at(i, j) - centres.at(k, j));
      CHECK(data->test.targets.at(i, o) == doctest::Approx(y).epsilon(1e-4));
    }
    for (int j = 0; j < 8; ++j)
      square += std::pow(data->test.features.at(i, j) - centres.at(k, j), 2) / (400 * 8);
  }
  CHECK(std::abs(square - 1.0) < 5 * std::sqrt(2.0 / 3200));
  for (const int count : counts) CHECK(std::abs(count - 100) < 5 * std::sqrt(75.0));
  // As labels: the largest of the same outputs, drawn from the same numbers.
  const auto labels = make("\"moe-mixture\", noise = 0.0, outputs = 3");
  CHECK(labels->test.features == data->test.features);
  for (int i = 0; i < 400; ++i)
    for (int o = 0; o < 3; ++o)
      CHECK(data->test.targets.at(i, o) <= data->test.targets.at(i, at(labels->test.labels, i)));
  CHECK(error_of<Dataset>("{ use = \"moe-mixture\", outputs = 1 }") ==
        "it.outputs: labels need at least 2");
}

TEST_CASE("clicks come as often as their planted effects say") {
  const auto data = make("\"clicks\", encoding = \"tokens\", bias = -0.5, skew = 0.5");
  const auto hot = make("\"clicks\", encoding = \"one-hot\", bias = -0.5, skew = 0.5");
  const nn::Tensor &effects = data->truth.at("effects"), &pairs = data->truth.at("crosses"),
                   &crossed = data->truth.at("cross-effects");
  REQUIRE(pairs.shape() == nn::Shape{2, 2});
  double expected = 0.0, clicks = 0.0, variance = 0.0;
  for (int i = 0; i < data->test.count; ++i) {
    const auto value = [&](int field) { return at(data->test.tokens, i * 10 + field) - field * 8; };
    double logit = -0.5;
    for (int f = 0; f < 10; ++f) {
      logit += effects.at(f, value(f));
      for (int v = 0; v < 8; ++v)
        CHECK(hot->test.features.at(i, f * 8 + v) == (v == value(f) ? 1.0 : 0.0));
    }
    for (int c = 0; c < 2; ++c)
      logit += crossed.at(c * 8 + value(static_cast<int>(pairs.at(c, 0))),
                          value(static_cast<int>(pairs.at(c, 1))));
    CHECK(data->truth.at("logit").get(i) == doctest::Approx(logit).epsilon(1e-5));
    const double chance = 1 / (1 + std::exp(-logit));
    expected += chance, variance += chance * (1 - chance);
    clicks += at(data->test.labels, i);
  }
  CHECK(hot->test.labels == data->test.labels);
  CHECK(std::abs(clicks - expected) < 5 * std::sqrt(variance));
  for (int f = 0; f < 10; ++f) {
    double size = 0.0;
    for (int v = 0; v < 8; ++v) size += std::abs(effects.at(f, v));
    CHECK((size > 0) == (data->truth.at("informative").get(f) == 1.0));
  }
  for (int c = 0; c < 2; ++c)
    for (int v = 0; v < 8; ++v) {
      double row = 0.0, column = 0.0;
      for (int w = 0; w < 8; ++w)
        row += crossed.at(c * 8 + v, w), column += crossed.at(c * 8 + w, v);
      CHECK(std::abs(row) + std::abs(column) < 1e-5);
    }
  // Value 0 of a field is sqrt(8) times as common as value 7.
  double first = 0.0, last = 0.0;
  for (int i = 0; i < data->train.count * 10; ++i) {
    const int value = at(data->train.tokens, i) % 8;
    first += value == 0, last += value == 7;
  }
  CHECK(first / last == doctest::Approx(std::sqrt(8.0)).epsilon(0.05));
  CHECK(error_of<Dataset>("{ use = \"clicks\", informative = 2 }") ==
        "it.crosses = 2 is more than the 1 pairs of informative fields");
  CHECK(error_of<Dataset>("{ use = \"clicks\", informative = 11 }") ==
        "it.informative = 11 is more than the 10 fields");
}

TEST_CASE("recall asks for the value that came with the last key") {
  const auto data = make("\"recall\", pairs = 5, keys = 6, values = 4, examples = 1000");
  CHECK(data->format == DataFormat{true, 11, 10, 1, 4});
  for (int i = 0; i < data->test.count; ++i) {
    std::set<int> keys;
    int found = -1, pair = -1;
    const int query = at(data->test.tokens, i * 11 + 10);
    for (int j = 0; j < 5; ++j) {
      const int key = at(data->test.tokens, i * 11 + 2 * j),
                value = at(data->test.tokens, i * 11 + 2 * j + 1);
      CHECK((key < 6 && value >= 6));
      keys.insert(key);
      if (key == query) found = value - 6, pair = j;
    }
    CHECK(keys.size() == 5);
    CHECK(at(data->test.labels, i) == found);
    CHECK(data->truth.at("pair").get(i) == pair);
  }
  CHECK(error_of<Dataset>("{ use = \"recall\", pairs = 20 }") ==
        "it.pairs = 20 is more than the 16 keys");
}

TEST_CASE("copying asks for the first symbols after the sign, in their order") {
  const auto data = make("\"copying\", length = 3, symbols = 4, delay = 2, examples = 100");
  CHECK(data->format == DataFormat{true, 8, 6, 8, 4});
  std::set<int> seen;
  for (int i = 0; i < data->train.count; ++i) {
    const auto token = [&](int t) { return at(data->train.tokens, i * 8 + t); };
    for (int t = 0; t < 8; ++t)
      CHECK(at(data->train.labels, i * 8 + t) == (t < 5 ? -1 : token(t - 5) - 1));
    for (const int t : {3, 5, 6, 7}) CHECK(token(t) == 0);
    CHECK(token(4) == 5);
    for (const int t : {0, 1, 2}) seen.insert(token(t));
  }
  CHECK(seen == std::set<int>{1, 2, 3, 4});
}

TEST_CASE("groups are groups, and states their running products") {
  const std::pair<const char*, int> groups[] = {
      {"parity", 2}, {"modular", 7}, {"s3", 6}, {"s5", 120}};
  for (const auto& [name, order] : groups) {
    CAPTURE(name);
    const auto data =
        make("\"state-tracking\", modulus = 7, length = 5, examples = 100, group = \"" +
             std::string(name) + "\"");
    const nn::Tensor& table = data->truth.at("table");
    REQUIRE(table.shape() == nn::Shape{order, order});
    const auto times = [&](int a, int b) { return static_cast<int>(table.at(a, b)); };
    bool commutes = true, closed = true, associates = true;
    for (int a = 0; a < order; ++a) {
      std::set<int> row, column;
      for (int b = 0; b < order; ++b) {
        row.insert(times(a, b)), column.insert(times(b, a));
        commutes = commutes && times(a, b) == times(b, a);
        for (int c = 0; c<order; c += order> 10 ? 13 : 1)
          associates = associates && times(times(a, b), c) == times(a, times(b, c));
      }
      closed = closed && static_cast<int>(row.size()) == order &&
               static_cast<int>(column.size()) == order && times(a, 0) == a && times(0, a) == a;
    }
    CHECK(closed);
    CHECK(associates);
    CHECK(commutes == (order == 2 || order == 7));
    for (int i = 0; i < data->train.count; ++i)
      for (int t = 0, state = 0; t < 5; ++t) {
        state = times(state, at(data->train.tokens, i * 5 + t));
        CHECK(at(data->train.labels, i * 5 + t) == state);
      }
  }
  // Of S3 by hand: 1 swaps the last two things (0 2 1), 2 the first two (1 0 2). 1, then 2: 0 -> 0
  // -> 1, 1 -> 2 -> 2, 2 -> 1 -> 0, which is (1 2 0), number 3.
  const auto s3 = make("\"state-tracking\", group = \"s3\", examples = 10");
  CHECK(s3->truth.at("table").at(1, 2) == 3);
}
