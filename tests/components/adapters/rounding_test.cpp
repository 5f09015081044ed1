// Adapters that round or mask in the pass: values and the gradients that stand in for derivatives,
// by hand.
#include "components/adapters/rounding.h"

#include <set>

#include "tests/contracts/adapter_contract.h"
#include "tests/contracts/stage_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

const DataFormat kTwo{false, 2, 0, 1, 2};

Examples one(const std::vector<double>& x) {
  Examples out;
  out.count = 1;
  out.features = nn::Tensor::of({1, static_cast<int>(x.size())}, x);
  out.labels = {0};
  return out;
}

void set(TrainedModel& m, const char* name, const std::vector<double>& values) {
  nn::Tensor& at = m.parameters.get(name).value;
  at = nn::Tensor::of(at.shape(), values);
}

void near(const nn::Tensor& got, const std::vector<double>& expected) {
  REQUIRE(got.count() == static_cast<std::int64_t>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(got.get(static_cast<std::int64_t>(i)) == doctest::Approx(expected[i]));
}

// Gradients of the sum of outputs and of what the pass adds to the loss, by name.
std::map<std::string, nn::Tensor> gradients(const TrainedModel& m, const Examples& data) {
  nn::Tape tape;
  nn::Forward pass(tape, m.parameters, true, Stream(1));
  const nn::Var out = nn::sum(m.model->forward(pass, m.format, data));
  tape.backward(total_loss(out, pass));
  std::map<std::string, nn::Tensor> found;
  for (const nn::Parameter& p : m.parameters)
    if (const nn::Tensor* g = tape.gradient_of(p)) found[p.name] = *g;
  return found;
}

}  // namespace

TEST_CASE("the rounding of LSQ and its gradients, solved by hand") {
  nn::Tape tape(nn::Dtype::kFloat64);
  const auto number = [](nn::Shape shape, const std::vector<double>& x) {
    return nn::Tensor::of(shape, x, nn::Dtype::kFloat64);
  };
  for (const double sign : {1.0, -1.0}) {  // of the step, which counts by its size
    tape.reset();
    const nn::Var x = tape.leaf(number({5}, {0.3, -0.2, 0.9, -1.7, 0.5})),
                  step = tape.leaf(number({1}, {0.5 * sign}));
    // x / s = 0.6, -0.4, 1.8, -3.4, 1: the last is at the upper end, where nothing passes.
    const nn::Var y = adapters::fake_quantize(x, step, -2, 1, 0.1);
    near(tape.value(y), {0.5, 0, 0.5, -1, 0.5});
    tape.backward(nn::sum(nn::multiply(y, tape.constant(number({5}, {1, 10, 100, 1000, 1e4})))));
    near(tape.gradient(x), {1, 10, 0, 0, 0});
    const double slope = 1 * (1 - 0.6) + 10 * (0 + 0.4) + 100 * 1 + 1000 * -2 + 1e4 * 1;
    near(tape.gradient(step), {sign * 0.1 * slope});
  }
}

TEST_CASE("lsq begins at steps from mean magnitudes and states its bits") {
  TrainedModel m = adapted("{ use = \"mlp\", hidden = [2] }",
                           "{ use = \"lsq\", bits = 3, activation_bits = 2 }", kTwo);
  set(m, "hidden1.weight", {1, -2, 3, 2});
  set(m, "output.weight", {1, 1, 1, 1});
  const auto adapter = build<Adapter>("{ use = \"lsq\", bits = 3, activation_bits = 2 }");
  adapter->calibrate(m, "adapter", one({1, -3}));
  // Hidden: relu(7, -3). What the first layer reads is signed, 2 mean|x| / sqrt(1) = 4; what the
  // second reads is not, 2 * 3.5 / sqrt(3).
  near(m.parameters.get("adapter.hidden1.step").value, {2 * 2.0 / std::sqrt(3.0)});
  near(m.parameters.get("adapter.hidden1.in.step").value, {4.0});
  CHECK(m.parameters.get("adapter.hidden1.in.signed").value.get(0) == 1.0);
  near(m.parameters.get("adapter.output.in.step").value, {7 / std::sqrt(3.0)});
  CHECK(m.parameters.get("adapter.output.in.signed").value.get(0) == 0.0);
  CHECK(m.parameters.get("hidden1.weight").bits == 3 + 16.0 / 4);
  // s = 4 / sqrt(3) = 2.309: 1, -2, 3, 2 go to 0, -s, s, s; inputs 1, -3 to 0, -4.
  const double s = 4 / std::sqrt(3.0);
  near(m.activations(one({1, -3}), "hidden1"), {4 * s, -4 * s});
  // Hidden: relu(4 s, -4 s) = (9.24, 0), which goes to 2 of its steps of 4.04.
  near(m.activations(one({1, -3}), "output.in"), {2 * 7 / std::sqrt(3.0), 0});
  // Of the weight the gradient is what the rounded one would get, and that of the step is scaled.
  const auto found = gradients(m, one({1, -3}));
  const nn::Tensor& g = found.at("output.weight");
  CHECK(g.get(0) > 0.0);
  CHECK(g.get(1) == 0.0);
  CHECK(found.count("adapter.output.step") == 1);
  CHECK(found.count("adapter.output.in.signed") == 0);
}

TEST_CASE("pact clips at a height that learns from what it clips, solved by hand") {
  const std::string text = "{ use = \"pact\", bits = 2, decay = 0.5 }";
  TrainedModel m = adapted("{ use = \"mlp\", hidden = [4] }", text, kTwo);
  set(m, "hidden1.weight", {1, 0, 2, 0, 4, 0, -1, 0});
  set(m, "output.weight", {1, 1, 1, 1, 0, 0, 0, 0});
  build<Adapter>(text)->calibrate(m, "adapter", one({1, 0}));
  near(m.parameters.get("adapter.hidden1.act.height").value, {4});
  set(m, "adapter.hidden1.act.height", {3});
  // Levels 0, 1, 2, 3: activations 1.2, 2.4, 4.8, 0 go to 1, 2, 3, 0.
  near(m.outputs(one({1.2, 0})), {6, 0});
  const auto found = gradients(m, one({1.2, 0}));
  // One number is clipped; 0.5 * 2 * 3 is the decay's.
  near(found.at("adapter.hidden1.act.height"), {1 + 3});
  near(found.at("hidden1.weight"), {1.2, 0, 1.2, 0, 0, 0, 0, 0});
}

TEST_CASE("sr-ste lets n of m count and decays the others, solved by hand") {
  for (const double lambda : {0.0, 0.1}) {
    CAPTURE(lambda);
    const std::string text =
        "{ use = \"sr-ste\", n = 1, m = 2, lambda = " + std::to_string(lambda) + " }";
    TrainedModel m = adapted("{ use = \"mlp\", hidden = [] }", text, {false, 5, 0, 1, 2});
    set(m, "output.weight", {1, -2, 3, 3, 0.5, -4, 1, 0, 0, 2});
    build<Adapter>(text)->calibrate(m, "adapter", {});
    const Examples data = one({1, 1, 1, 1, 1});
    near(m.outputs(data), {-2 + 3 + 0.5, -4 + 0 + 2});
    near(gradients(m, data).at("output.weight"),
         {1 + lambda * 1, 1, 1, 1 + lambda * 3, 1, 1, 1 + lambda * 1, 1, 1, 1});
  }
}

TEST_CASE(
    "activations are rounded to few levels, by at most half a step where nothing is clipped") {
  for (const char* form : {"true", "false"})
    for (const int bits : {2, 4, 8}) {
      CAPTURE(bits);
      const std::string text = "{ use = \"activation-quantizer\", bits = " + std::to_string(bits) +
                               ", symmetric = " + form + " }";
      TrainedModel m = adapted("{ use = \"mlp\", hidden = [6] }", text, {false, 5, 0, 1, 3});
      const Examples data = examples(50, 5, 3, 2);
      build<Adapter>(text)->calibrate(m, "adapter", data);
      const nn::Tensor rounded = m.activations(data, "hidden1.in");
      const double step = m.parameters.get("adapter.hidden1.in.step").value.get(0);
      std::set<double> levels;
      for (std::int64_t i = 0; i < rounded.count(); ++i) {
        levels.insert(rounded.get(i));
        // A whole step at the ends of asymmetric levels, where the offset is rounded too.
        CHECK(std::abs(rounded.get(i) - data.features.get(i)) <=
              (form[0] == 't' ? 0.5 : 1.0) * step + 1e-6);
      }
      CHECK(levels.size() <= std::size_t{1} << bits);
      CHECK(levels.size() > 2);
      CHECK(gradients(m, data).at("adapter.hidden1.in.step").get(0) == 0.0);
    }
}

TEST_CASE(
    "finetune calibrates an adapter, also one on top of another, and training asks for that") {
  Inputs inputs;
  inputs["data"] =
      run_stage(*build<Stage>("{ use = \"load\", dataset = \"iris\" }"), {}, 0).artifact;
  inputs["base"] = run_stage(*build<Stage>("{ use = \"train\", data = \"data\", model = { use = "
                                           "\"mlp\", hidden = [6] }, steps = 3 }"),
                             inputs, 0)
                       .artifact;
  const auto tuned = [&](const char* from, const char* adapter, const char* more) {
    return run_stage(
               *build<Stage>(std::string("{ use = \"finetune\", data = \"data\", model = \"") +
                             from + "\", adapter = \"" + adapter + "\"" + more + " }"),
               inputs, 0)
        .artifact;
  };
  inputs["rounded"] = tuned("base", "activation-quantizer", ", steps = 0");
  const auto both = std::dynamic_pointer_cast<const TrainedModel>(
      tuned("rounded", "lsq", ", steps = 3, train = [\"*\"]"));
  CHECK(both->parameters.get("adapter.hidden1.in.step").value.get(0) > 0.0);
  CHECK(both->parameters.get("adapter2.hidden1.step").value.get(0) > 0.0);
  CHECK(both->parameters.get("hidden1.weight").bits < 5.0);
  for (const char* adapter : {"lsq", "pact", "sr-ste"})
    stage_contract(
        std::string("{ use = \"finetune\", data = \"data\", model = \"base\", steps = 3, "
                    "train = [\"*\"], adapter = \"") +
            adapter + "\" }",
        inputs);
  CHECK_THROWS_WITH(
      (void)run_stage(*build<Stage>("{ use = \"train\", data = \"data\", model = { use = "
                                    "\"adapted\", adapter = \"lsq\", model = \"mlp\" } }"),
                      inputs, 0),
      "adapter.hidden1.step is not calibrated: stage finetune puts such adapters on a model");
  CHECK(error_of<Adapter>("{ use = \"lsq\", activation_bits = 1 }") ==
        "it.activation_bits: 0, or 2 to 8");
  CHECK(error_of<Adapter>("{ use = \"sr-ste\", n = 5 }") == "it.n: no more than m = 4 can count");
}
