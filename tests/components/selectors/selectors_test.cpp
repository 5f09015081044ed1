#include <algorithm>
#include <set>

#include "tests/contracts/selector_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

// Rows on a line, two classes by `labels`.
struct Line {
  Examples data;
  TrainedModel trained = model("\"linear\"", 1, 2);

  explicit Line(const std::vector<double>& at, std::vector<std::int32_t> labels = {}) {
    data.count = static_cast<int>(at.size());
    data.features = nn::Tensor::of({data.count, 1}, at);
    data.labels = std::move(labels);
    trained.parameters.get("output.weight").value =
        nn::Tensor::of({2, 1}, std::vector<double>{1, -1});
  }
  Pool pool(std::vector<int> chosen = {}, bool with_model = true) const {
    return {data, trained.format, with_model ? &trained : nullptr, std::move(chosen)};
  }
};

std::vector<int> chosen(const std::string& text, const Pool& pool, int count) {
  return build<Selector>(text)->choose(pool, count, Stream(2));
}

std::string refusal(const std::function<void()>& use) {
  try {
    use();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

double distance(const nn::Tensor& x, int a, int b) {
  double out = 0.0;
  for (int j = 0; j < x.shape().back(); ++j)
    out += (x.at(a, j) - x.at(b, j)) * (x.at(a, j) - x.at(b, j));
  return out;
}

}  // namespace

TEST_CASE("every selector keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("selector")) selector_contract(text);
  selector_contract("{ use = \"curriculum\", difficulty = \"loss\", reverse = true }");
  selector_contract("{ use = \"loss-weighted\", refresh = 4 }");
  selector_contract("{ use = \"loss-weighted\", refresh = 4, uniform = 0.1, importance = true }");
  selector_contract("{ use = \"k-centre\", site = \"hidden1.act\" }");
}

TEST_CASE("class-balanced draws rare classes as often as others") {
  std::vector<std::int32_t> labels(100, 0);
  for (std::size_t i = 0; i < 5; ++i) labels[10 * i] = 1;
  const Line line(std::vector<double>(100, 1.0), labels);
  const auto selector = build<Selector>("\"class-balanced\"");  // outlives its order
  const auto order = selector->order(line.pool(), Stream(1), 10);
  double rare = 0.0;
  std::set<int> seen;
  for (int step = 0; step < 1000; ++step)
    for (const int row : order->next(0.0)) {
      rare += labels[static_cast<std::size_t>(row)] / 10000.0;
      seen.insert(row);
    }
  CHECK(std::abs(rare - 0.5) < 0.025);  // five standard errors
  CHECK(seen.size() == 100);
  std::vector<int> rows = chosen("\"class-balanced\"", line.pool({0}), 8);
  CHECK(std::count_if(rows.begin(), rows.end(),
                      [&](int row) { return row % 10 == 0 && row < 50; }) == 4);
  rows = chosen("\"class-balanced\"", line.pool(), 20);  // no more than five are rare
  CHECK(std::count_if(rows.begin(), rows.end(),
                      [&](int row) { return row % 10 == 0 && row < 50; }) == 5);
}

TEST_CASE("loss-weighted draws in proportion to the losses, and asks for them as told") {
  // -log p(label) with logits x, -x: log(1 + exp(-2 x)) for label 0.
  Line line({0.0, 0.5, 1.0, 3.0}, {0, 0, 0, 0});
  const std::vector<double> loss = {0.6931, 0.3133, 0.1269, 0.0025};
  const auto shares = [&](const std::string& options) {
    const auto order = build<Selector>("{ use = \"loss-weighted\"" + options + " }")
                           ->order(line.pool(), Stream(1), 4);
    std::vector<double> out(4);
    for (int step = 0; step < 5000; ++step)
      for (const int row : order->next(0.0)) out[static_cast<std::size_t>(row)] += 1.0 / 20000;
    return out;
  };
  const auto plain = shares(""), squared = shares(", power = 2.0"), none = shares(", power = 0.0");
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(std::abs(plain[i] - loss[i] / 1.1358) < 0.018);
    CHECK(std::abs(squared[i] - loss[i] * loss[i] / 0.5947) < 0.018);
    CHECK(std::abs(none[i] - 0.25) < 0.018);
  }
  // The model changes; the order hears of it at the next refresh.
  const auto order = build<Selector>("{ use = \"loss-weighted\", refresh = 3, power = 10.0 }")
                         ->order(line.pool(), Stream(1), 4);
  (void)order->next(0.0);
  line.trained.parameters.get("output.weight").value.fill(0.0);
  line.trained.parameters.get("output.bias").value = nn::Tensor::of({2}, std::vector<double>{9, 0});
  line.data.labels = {0, 0, 0, 1};  // now row 3 alone has a loss
  const auto all_three = [](const std::vector<int>& rows) {
    return std::count(rows.begin(), rows.end(), 3) == 4;
  };
  CHECK_FALSE(all_three(order->next(0.0)));
  CHECK_FALSE(all_three(order->next(0.0)));
  CHECK(all_three(order->next(0.0)));
}

TEST_CASE("a curriculum begins with the easiest and ends with all") {
  // Class means 1 and 10 2/3: squared distances 1, 0, 1 and 21.8, 0.1, 18.8.
  const Line line({0, 1, 2, 6, 11, 15}, {0, 0, 0, 1, 1, 1});
  const auto seen = [&](const std::string& options, double progress) {
    const auto order = build<Selector>("{ use = \"curriculum\"" + options + " }")
                           ->order(line.pool(), Stream(1), 2);
    std::set<int> out;
    for (int step = 0; step < 200; ++step) {
      const std::vector<int> rows = order->next(progress);
      CHECK(rows[0] != rows[1]);
      out.insert(rows.begin(), rows.end());
    }
    return out;
  };
  CHECK(seen(", start = 0.0", 0.0) == std::set<int>{1, 4});  // one batch at least
  CHECK(seen(", start = 0.5", 0.0) == std::set<int>{0, 1, 4});
  CHECK(seen(", start = 0.5", 0.3) == std::set<int>{0, 1, 2, 4});  // 0.8 of them
  CHECK(seen(", start = 0.5", 0.4) == std::set<int>{0, 1, 2, 4, 5});
  CHECK(seen(", start = 0.5", 0.5).size() == 6);
  CHECK(seen(", start = 0.0, reverse = true", 0.0) == std::set<int>{3, 5});
  // By the loss of logits x, -x: the smallest x of the second class and the largest of the first.
  CHECK(seen(", difficulty = \"loss\", start = 0.0", 0.0) == std::set<int>{1, 2});
}

TEST_CASE("margin and entropy choose what is least certain") {
  const Line line({-3, 0.1, 2, -0.2, 0.05});
  const std::vector<int> by_distance = {4, 1, 3, 2, 0};
  for (const char* name : {"\"margin\"", "\"entropy\""}) {
    CHECK(chosen(name, line.pool(), 5) == by_distance);
    CHECK(chosen(name, line.pool({1}), 2) == std::vector<int>{4, 3});
  }
  // Three classes: 0.5, 0.49, 0.01 has the smaller margin, 0.4, 0.3, 0.3 the larger entropy.
  Examples two = examples(2, 2, 3, 1);
  two.features = nn::Tensor::of({2, 2}, std::vector<double>{1, 0, 0, 1});
  TrainedModel m = model("\"linear\"", 2, 3);
  std::vector<double> weights;
  for (const auto& [a, b] : {std::pair{0.5, 0.4}, {0.49, 0.3}, {0.01, 0.3}})
    for (const double p : {a, b}) weights.push_back(std::log(p));
  m.parameters.get("output.weight").value = nn::Tensor::of({3, 2}, weights);
  CHECK(chosen("\"margin\"", {two, m.format, &m, {}}, 1) == std::vector<int>{0});
  CHECK(chosen("\"entropy\"", {two, m.format, &m, {}}, 1) == std::vector<int>{1});
}

TEST_CASE("k-centre is the greedy choice, computed slowly") {
  const Examples data = examples(40, 3, 2, 9);
  const DataFormat format{false, 3, 0, 1, 2};
  std::vector<int> centres = {7, 20};
  const std::vector<int> given = centres;
  for (int round = 0; round < 10; ++round) {
    int best = -1;
    double furthest = -1.0;
    for (int i = 0; i < 40; ++i) {
      double nearest = 1e9;
      for (const int centre : centres)
        nearest = std::min(nearest, distance(data.features, i, centre));
      if (nearest > furthest) {
        furthest = nearest;
        best = i;
      }
    }
    centres.push_back(best);
  }
  CHECK(chosen("\"k-centre\"", {data, format, nullptr, given}, 10) ==
        std::vector<int>(centres.begin() + 2, centres.end()));
  // Without a start the one nearest to the mean, 3.4; copies come last.
  const Line line({0, 0, 4, 10, 3});
  CHECK(chosen("\"k-centre\"", line.pool({}, false), 5) == std::vector<int>{4, 3, 0, 2, 1});
}

TEST_CASE("selectors say what they do not do and what they miss") {
  const Line line({1, 2}, {0, 1});
  CHECK(refusal([&] { (void)chosen("\"curriculum\"", line.pool(), 1); }) ==
        "curriculum orders minibatches; it chooses no examples for the stage select");
  CHECK(refusal([&] { (void)build<Selector>("\"margin\"")->order(line.pool(), Stream(1), 1); }) ==
        "margin chooses examples for the stage select; it orders no minibatches");
  CHECK(refusal([&] { (void)chosen("\"entropy\"", line.pool({}, false), 1); }) ==
        "entropy needs the input model");
  const Line bare({1, 2});
  CHECK(refusal([&] { (void)chosen("\"class-balanced\"", bare.pool(), 1); }) ==
        "class-balanced needs one label for each example");
  CHECK(refusal([&] {
          (void)build<Selector>("\"loss-weighted\"")->order(bare.pool(), Stream(1), 1)->next(0.0);
        }) == "loss-weighted needs a model that predicts the labels or targets of the data");
}
