#include "tests/contracts/adapter_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

const DataFormat kPlain{false, 16, 0, 1, 3};

// B of every LoRA by random numbers, as training leaves it.
void fill(nn::Parameters& parameters) {
  for (nn::Parameter& p : parameters)
    if (p.name.ends_with(".b"))
      p.value = nn::Tensor::normal(p.value.shape(), 0.3, Stream(2).fork(p.name));
}

// The base alone, W + (alpha / r) B A in place of each W, by three plain loops.
TrainedModel merged(const TrainedModel& m, const std::string& base, double factor) {
  TrainedModel out;
  out.model = build<Model>(base);
  out.format = m.format;
  out.model->declare(out.parameters, m.format, Stream(3));
  for (nn::Parameter& w : out.parameters) {
    const std::string name = "adapter." + std::string(layer_of(w));
    const nn::Parameter* a = m.parameters.find(name + ".a");
    if (!a || w.role != nn::Role::kWeight) continue;
    const nn::Tensor& b = m.parameters.get(name + ".b").value;
    const int k = w.value.shape()[1];
    for (std::int64_t i = 0; i < w.value.count(); ++i)
      for (int r = 0; r < b.shape()[1]; ++r)
        w.value.set(i, w.value.get(i) + factor * b.at(static_cast<int>(i / k), r) *
                                            a->value.at(r, static_cast<int>(i % k)));
  }
  return out;
}

std::string declare_error(const std::string& adapter) {
  try {
    (void)adapted("{ use = \"mlp\", hidden = [5] }", adapter, kPlain);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("every adapter keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("adapter")) adapter_contract(text);
  adapter_contract("{ use = \"ia3\", layers = [], inputs = [\"*\"] }");
}

TEST_CASE("LoRA is the merged weight W + (alpha / r) B A") {
  const std::string lora = "{ use = \"lora\", rank = 2, alpha = 3.0 }";
  for (const auto& [base, format] : adapted_subjects()) {
    CAPTURE(base);
    TrainedModel m = adapted(base, lora, format);
    fill(m.parameters);
    const Examples data = examples_of(format, 8, 4);
    const nn::Tensor got = m.outputs(data), expected = merged(m, base, 1.5).outputs(data);
    CHECK_FALSE(got == adapted(base, lora, format).outputs(data));
    // Weights summed in another order, in float: a few roundings of numbers of order one.
    for (std::int64_t i = 0; i < got.count(); ++i)
      CHECK(got.get(i) == doctest::Approx(expected.get(i)).epsilon(1e-5));
  }
}

TEST_CASE("LoRA leaves pruned weights at 0") {
  TrainedModel m = adapted("{ use = \"mlp\", hidden = [] }", "\"lora\"", kPlain);
  fill(m.parameters);
  nn::Parameter& weight = m.parameters.get("output.weight");
  weight.mask = nn::Tensor(weight.value.shape());  // all of it
  m.parameters.apply_masks();
  const nn::Tensor out = m.outputs(examples_of(kPlain, 4, 4));
  for (std::int64_t i = 0; i < out.count(); ++i) CHECK(out.get(i) == 0.0);
}

TEST_CASE("ia3 scales what a layer gives and what it reads, solved by hand") {
  TrainedModel m = adapted("{ use = \"mlp\", hidden = [] }",
                           "{ use = \"ia3\", inputs = [\"out*\"] }", {false, 2, 0, 1, 2});
  const auto set = [&](const char* name, std::vector<double> values) {
    nn::Tensor& at = m.parameters.get(name).value;
    at = nn::Tensor::of(at.shape(), values);
  };
  set("output.weight", {1, 2, 3, 4});
  set("output.bias", {5, 6});
  set("adapter.output.in.scale", {2, -1});
  set("adapter.output.scale", {10, 0.5});
  Examples data;
  data.count = 1;
  data.features = nn::Tensor::of({1, 2}, std::vector<double>{1, 3});
  // x * (2, -1) = (2, -3); W x + b = (2 - 6 + 5, 6 - 12 + 6) = (1, 0).
  CHECK(m.outputs(data) == nn::Tensor::of({1, 2}, std::vector<double>{10, 0}));
  // Who looks at the layer sees what the model makes of it.
  CHECK(m.activations(data, "output") == nn::Tensor::of({1, 2}, std::vector<double>{10, 0}));
}

TEST_CASE("an adapter adapts the layers that it is told, and adapters stack") {
  const TrainedModel some =
      adapted("{ use = \"transformer\", width = 4, hidden = 5 }",
              "{ use = \"lora\", layers = [\"*.query\", \"block2*.up\"] }", {true, 5, 4, 5, 3});
  std::vector<std::string> names;
  for (const nn::Parameter& p : some.parameters)
    if (p.name.starts_with("adapter.") && p.name.ends_with(".a")) names.push_back(p.name);
  CHECK(names == std::vector<std::string>{"adapter.block1.mixer.query.a",
                                          "adapter.block2.mixer.query.a", "adapter.block2.up.a"});
  const std::string inner =
      "{ use = \"adapted\", model = { use = \"mlp\", hidden = [5] }, adapter = \"ia3\" }";
  const TrainedModel twice = adapted(inner, "\"lora\"", kPlain);
  CHECK(twice.parameters.find("adapter.hidden1.scale"));
  CHECK(twice.parameters.find("adapter2.hidden1.a"));
}

TEST_CASE("an adapter refuses what it cannot adapt") {
  CHECK(declare_error("{ use = \"lora\", layers = [\"hidden1\", \"hiden*\"] }") ==
        "the model has no layer \"hiden*\"; did you mean \"hidden1\"?");
  CHECK(declare_error("{ use = \"ia3\", layers = [\"query\"] }") ==
        "the model has no layer \"query\"; there are hidden1, output");
  CHECK(error_of<Adapter>("{ use = \"ia3\", layers = [] }") ==
        "it.layers: without inputs it must name some");
  CHECK(error_of<Adapter>("{ use = \"lora\", rank = 0 }") ==
        "it.rank = 0 is out of range; allowed: 1 to 65536");
}
