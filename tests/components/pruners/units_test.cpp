// Units that go whole: what is left computes what a network without them does.
#include <cmath>

#include "components/pruners/hidden_units.h"
#include "tests/contracts/pruner_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

double multiply_adds(const TrainedModel& m) {
  return m.model->multiply_adds(m.parameters, m.format);
}

double largest_difference(const nn::Tensor& a, const nn::Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  double out = 0.0;
  for (std::int64_t i = 0; i < a.count(); ++i) out = std::max(out, std::abs(a.get(i) - b.get(i)));
  return out;
}

// Biases with values, so that a forgotten one shows.
void fill_biases(TrainedModel& m) {
  Stream random(9);
  for (nn::Parameter& p : m.parameters)
    if (p.role == nn::Role::kBias)
      for (std::int64_t i = 0; i < p.value.count(); ++i) p.value.set(i, 0.3 * random.normal());
}

TrainedModel pruned(TrainedModel m, const std::string& pruner, const Examples& data) {
  build<Pruner>(pruner)->prune(m, data, Stream(0));
  return m;
}

// The entries of `from` at these rows and columns.
nn::Tensor cut(const nn::Tensor& from, const std::vector<int>& rows,
               const std::vector<int>& columns) {
  std::vector<double> out;
  const int width = from.shape().rank() == 1 ? 1 : from.shape().back();
  for (const int r : rows)
    for (const int c : columns) out.push_back(from.get(std::int64_t{r} * width + c));
  if (from.shape().rank() == 1) return nn::Tensor::of({static_cast<int>(rows.size())}, out);
  return nn::Tensor::of({static_cast<int>(rows.size()), static_cast<int>(columns.size())}, out);
}

std::vector<int> all(int n) {
  std::vector<int> out(static_cast<std::size_t>(n));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

// Rows of a layer's bias that are still there.
std::vector<int> left(const TrainedModel& m, const std::string& layer) {
  const nn::Parameter& bias = m.parameters.get(layer + ".bias");
  std::vector<int> out;
  for (int i = 0; i < bias.value.count(); ++i)
    if (bias.mask.empty() || bias.mask.get(i) != 0.0) out.push_back(i);
  return out;
}

// Outputs where what a site gives at these columns is 0.
nn::Tensor outputs_without(const TrainedModel& m, const Examples& data, const std::string& site,
                           int first, int count) {
  const nn::Forward::Hook hook = [&](std::string_view name, nn::Var x) {
    if (name != site) return x;
    nn::Tensor value = x.tape->value(x);
    const int width = value.shape().back();
    for (std::int64_t i = 0; i < value.count(); ++i)
      if (i % width >= first && i % width < first + count) value.set(i, 0.0);
    return x.tape->constant(value);
  };
  return m.outputs(data, std::span(&hook, 1));
}

}  // namespace

TEST_CASE("a perceptron without some units is the smaller perceptron") {
  const Examples data = examples(60, 6, 4, 1);
  TrainedModel m = model("{ use = \"mlp\", hidden = [10, 6] }", 6, 4);
  fill_biases(m);
  for (const char* score : {"incoming", "outgoing", "activation"}) {
    CAPTURE(score);
    const TrainedModel less =
        pruned(m, "{ use = \"rows\", score = \"" + std::string(score) + "\" }", data);
    const auto first = left(less, "hidden1"), second = left(less, "hidden2");
    REQUIRE(first.size() == 5);
    REQUIRE(second.size() == 3);
    TrainedModel small = model("{ use = \"mlp\", hidden = [5, 3] }", 6, 4);
    const auto take = [&](const char* name, const std::vector<int>& rows,
                          const std::vector<int>& columns) {
      small.parameters.get(name).value = cut(m.parameters.get(name).value, rows, columns);
    };
    take("hidden1.weight", first, all(6));
    take("hidden1.bias", first, {0});
    take("hidden2.weight", second, first);
    take("hidden2.bias", second, {0});
    take("output.weight", all(4), second);
    take("output.bias", all(4), {0});
    CHECK(largest_difference(less.outputs(data), small.outputs(data)) < 1e-5);
    CHECK(multiply_adds(less) == multiply_adds(small));
  }
}

TEST_CASE("rows go by the norm that is asked for") {
  TrainedModel m = model("{ use = \"mlp\", hidden = [3] }", 2, 2);
  m.parameters.get("hidden1.weight").value =
      nn::Tensor::of({3, 2}, std::vector<double>{1, 0, 3, 3, 2, 2});
  m.parameters.get("output.weight").value =
      nn::Tensor::of({2, 3}, std::vector<double>{9, 1, 5, 9, 1, 5});
  const Examples data = examples(40, 2, 2, 1);
  const auto kept_units = [&](const std::string& score) {
    return left(pruned(m, "{ use = \"rows\", fraction = 0.34, score = \"" + score + "\" }", data),
                "hidden1");
  };
  CHECK(kept_units("incoming") == std::vector<int>{1, 2});
  CHECK(kept_units("outgoing") == std::vector<int>{0, 2});
  CHECK(kept_units("activation") == std::vector<int>{1, 2});
}

TEST_CASE("a convolutional network without some filters is the smaller network") {
  Examples data = examples(30, 16, 4, 1);
  TrainedModel m = model("{ use = \"cnn\", channels = [4, 6] }", 16, 4);
  fill_biases(m);
  const TrainedModel less = pruned(m, "\"channels\"", data);
  const auto first = left(less, "conv1"), second = left(less, "conv2");
  REQUIRE(first.size() == 2);
  REQUIRE(second.size() == 3);
  TrainedModel small = model("{ use = \"cnn\", channels = [2, 3] }", 16, 4);
  const auto columns = [](const std::vector<int>& channels, int places, int of) {
    std::vector<int> out;
    for (int place = 0; place < places; ++place)
      for (const int c : channels) out.push_back(place * of + c);
    return out;
  };
  const auto take = [&](const char* name, const std::vector<int>& rows,
                        const std::vector<int>& from) {
    small.parameters.get(name).value = cut(m.parameters.get(name).value, rows, from);
  };
  take("conv1.weight", first, all(9));
  take("conv1.bias", first, {0});
  take("conv2.weight", second, columns(first, 9, 4));
  take("conv2.bias", second, {0});
  take("output.weight", all(4), columns(second, 1, 6));
  take("output.bias", all(4), {0});
  CHECK(largest_difference(less.outputs(data), small.outputs(data)) < 1e-5);
  CHECK(multiply_adds(less) == multiply_adds(small));
  // Of each layer the filters of smallest L1 norm went.
  const nn::Tensor& w = m.parameters.get("conv1.weight").value;
  std::vector<std::pair<double, int>> norms;
  for (int r = 0; r < 4; ++r) {
    double sum = 0.0;
    for (int c = 0; c < 9; ++c) sum += std::abs(w.at(r, c));
    norms.emplace_back(sum, r);
  }
  std::sort(norms.begin(), norms.end());
  CHECK(first == std::vector<int>{std::min(norms[2].second, norms[3].second),
                                  std::max(norms[2].second, norms[3].second)});
}

TEST_CASE("both factors of a gated layer lose a unit, and its reader its column") {
  TrainedModel m = model(
      "{ use = \"transformer\", width = 8, hidden = 12, blocks = 1, feed_forward = \"swiglu\" }",
      16, 4);
  const TrainedModel less =
      pruned(m, "{ use = \"rows\", layers = [\"block1.up\"] }", examples(40, 16, 4, 1));
  for (const char* name : {"block1.up.weight", "block1.linear.weight", "block1.down.weight"})
    CHECK(kept(less.parameters.get(name)) == 6 * 8);
}

TEST_CASE("a network without a head is the one whose head says nothing") {
  const Examples data = examples(50, 16, 4, 1);
  TrainedModel m = pruner_subjects()[1];
  fill_biases(m);
  // Loss by the size of each head of block2, by differences on each example.
  double loss[2] = {0.0, 0.0};
  for (int h = 0; h < 2; ++h) {
    const auto nll = [&](double size) {
      const nn::Forward::Hook hook = [&](std::string_view name, nn::Var x) {
        if (name != "block2.mixer.heads") return x;
        nn::Tensor value = x.tape->value(x);
        for (std::int64_t i = 0; i < value.count(); ++i)
          if (i % 8 / 4 == h) value.set(i, size * value.get(i));
        return x.tape->constant(value);
      };
      const nn::Tensor out = m.outputs(data, std::span(&hook, 1));
      std::vector<double> losses;
      for (int e = 0; e < data.count; ++e) {
        double total = 0.0;
        for (int c = 0; c < 4; ++c) total += std::exp(out.at(e, c));
        losses.push_back(std::log(total) - out.at(e, e % 4));
      }
      return losses;
    };
    const auto up = nll(1.01), down = nll(0.99);
    for (std::size_t e = 0; e < up.size(); ++e) loss[h] += std::abs(up[e] - down[e]);
  }
  const int cheaper = loss[0] < loss[1] ? 0 : 1;
  const TrainedModel less =
      pruned(m, "{ use = \"heads\", scope = \"layer\", layers = [\"block2.mixer\"] }", data);
  CHECK(largest_difference(less.outputs(data),
                           outputs_without(m, data, "block2.mixer.heads", 4 * cheaper, 4)) < 1e-5);
  CHECK(multiply_adds(m) - multiply_adds(less) == 4 * (4 * 4 * 8));  // at each of 4 positions
  CHECK_THROWS_WITH(pruned(subject(), "\"heads\"", examples(8, 6, 4, 1)),
                    "heads: the model has no attention");
}

TEST_CASE("a network without a block is the network of the other blocks") {
  const Examples data = examples(50, 16, 4, 1);
  TrainedModel m = pruner_subjects()[1];
  fill_biases(m);
  // The second block adds next to nothing.
  for (const char* name : {"block2.mixer.output", "block2.down"})
    for (const char* end : {".weight", ".bias"}) {
      nn::Tensor& value = m.parameters.get(std::string(name) + end).value;
      for (std::int64_t i = 0; i < value.count(); ++i) value.set(i, 1e-3 * value.get(i));
    }
  const TrainedModel less = pruned(m, "{ use = \"blocks\", fraction = 0.34 }", data);
  TrainedModel two = model(
      "{ use = \"transformer\", width = 8, hidden = 12, blocks = 2, mixer = { use = \"attention\", "
      "heads = 2 } }",
      16, 4);
  for (nn::Parameter& p : two.parameters) {
    std::string from = p.name;
    if (from.starts_with("block2.")) from.replace(0, 6, "block3");
    p.value = m.parameters.get(from).value;
  }
  CHECK(largest_difference(less.outputs(data), two.outputs(data)) < 1e-6);
  CHECK(kept_weights(less.parameters) == kept_weights(two.parameters));
  CHECK(multiply_adds(less) < multiply_adds(m));
  CHECK_THROWS_WITH(pruned(subject(), "\"blocks\"", examples(8, 6, 4, 1)),
                    "blocks: the model has no residual blocks");
}

TEST_CASE("experts go by use, by norm, or as the set that is missed least") {
  const Examples data = examples(50, 6, 4, 1);
  TrainedModel m = model(
      "{ use = \"moe-mlp\", hidden = 12, experts = 4, expert_hidden = 8, router = { use = "
      "\"topk-softmax\", k = 3 } }",
      6, 4);
  const auto gone_experts = [&](const std::string& score, const TrainedModel& from) {
    const TrainedModel less =
        pruned(from, "{ use = \"experts\", score = \"" + score + "\" }", data);
    std::vector<int> out;
    for (int e = 0; e < 4; ++e)
      if (left(less, "experts." + std::to_string(e) + ".down").empty()) out.push_back(e);
    CHECK(multiply_adds(less) < multiply_adds(from));
    return out;
  };
  // Every row goes to the first three. What the first two add cancels.
  m.parameters.get("router.weight").value.fill(0.0);
  for (int e = 0; e < 4; ++e) {
    const std::string down = "experts." + std::to_string(e) + ".down";
    m.parameters.get(down + ".weight").value.fill(0.0);
    m.parameters.get(down + ".bias").value.fill(e == 0 ? 10.0 : e == 1 ? -10.0 : 1.0);
  }
  CHECK(gone_experts("frequency", m) == std::vector<int>{0, 3});
  CHECK(gone_experts("norm", m).size() == 2);
  CHECK(gone_experts("reconstruction", m) == std::vector<int>{0, 1});

  TrainedModel one = subject();
  const TrainedModel less = pruned(one, "{ use = \"experts\", fraction = 0.34 }", data);
  int removed_expert = -1;
  for (int e = 0; e < 3; ++e)
    if (left(less, "experts." + std::to_string(e) + ".down").empty()) removed_expert = e;
  REQUIRE(removed_expert >= 0);
  CHECK(largest_difference(
            less.outputs(data),
            outputs_without(one, data, "experts." + std::to_string(removed_expert) + ".down", 0,
                            12)) < 1e-6);
}
