#include "components/models/mixture_of_experts.h"
#include "tests/contracts/model_contract.h"

using namespace assay;
using namespace assay::testing;

TEST_CASE("every model keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("model")) model_contract(text);
  model_contract(
      "{ use = \"mlp\", hidden = [5], activation = \"gelu\", input_gate = \"sigmoid\", "
      "hidden_gate = \"hard-concrete\" }");
}

TEST_CASE("transformers of every form keep the contract of models") {
  for (const char* form : {
           ", positions = \"learned\", mixer = { use = \"attention\", positions = \"none\", "
           "causal = false, query_gate = \"sigmoid\", output_gate = \"sigmoid\" }",
           ", norm = \"rms\", feed_forward = \"swiglu\", dropout = 0.2, patch = 3",
           ", experts = 3, router = { use = \"topk-softmax\", k = 2 }, shared_expert = true",
           ", experts = 3, feed_forward = \"relu\", mixer = \"token-shift\"",
       })
    model_contract("{ use = \"transformer\", width = 4, hidden = 5" + std::string(form) + " }");
}

TEST_CASE("models of a flow keep the contract with labels and other schedules") {
  const std::string start = "{ use = \"flow-mlp\", width = 4, hidden = 3, blocks = 2";
  model_contract(start + ", conditional = true }");
  model_contract(start + ", schedule = \"linear-beta\", predicts = \"data\" }");
  CHECK(error_of<Model>("{ use = \"flow-mlp\", schedule = \"cosine\" }") ==
        "it.predicts = \"velocity\" does not go with schedule = \"cosine\"; allowed: noise, data");
  CHECK(error_of<Model>("{ use = \"flow-mlp\", time_features = 5 }") ==
        "it.time_features = 5 is odd; allowed: even numbers");
}

TEST_CASE("sequences of every mixer keep the contract of models") {
  for (const char* mixer : {"none", "linear-attention", "state-space", "recurrent", "attention"})
    model_contract("{ use = \"sequence\", width = 4, hidden = 5, mixer = \"" + std::string(mixer) +
                   "\" }");
}

TEST_CASE("a recorded site has the rows of the examples") {
  const TrainedModel m = model("{ use = \"moe-mlp\", hidden = 5, experts = 3 }", 4, 3);
  const Examples data = examples(600, 4, 3, 2);
  CHECK(m.activations(data, "mixture").shape() == nn::Shape{600, 5});
  CHECK_THROWS(m.activations(data, "nowhere"));
}

TEST_CASE("an expert's site holds the examples routed to it, and sites are those of all examples") {
  const TrainedModel m = model(
      "{ use = \"moe-mlp\", hidden = 5, experts = 6, router = { use = \"topk-softmax\", k = 1 } }",
      4, 3);
  const Examples data = examples(60, 4, 3, 2);
  int routed = 0, experts = 0;
  for (const std::string& site : m.sites(data)) {
    if (site.rfind("experts.", 0) != 0 || !site.ends_with(".up")) continue;
    ++experts;
    routed += m.activations(data, site).shape()[0];
  }
  CHECK(routed == 60);
  CHECK(experts > 1);
  std::string why;
  try {
    (void)m.activations(examples(1, 4, 3, 2), "experts.99.up");
  } catch (const std::runtime_error& error) {
    why = error.what();
  }
  CHECK(
      why.rfind("no example reaches a site \"experts.99.up\" of the model; sites reached: input, ",
                0) == 0);
}

TEST_CASE("an expert at capacity takes the first rows that are sent to it") {
  const auto router = build<Router>("{ use = \"topk-softmax\", k = 1, balance = 0.0 }");
  nn::Parameters parameters;
  const auto layer = [](double capacity) {
    return MixtureOfExperts{4, 3, nn::Activation::kRelu, capacity};
  };
  layer(0.0).declare(parameters, "", *router, 2, Stream(1));
  parameters.get("router.weight").value = nn::Tensor({4, 2});  // ties: all to expert 0
  const nn::Tensor x = nn::Tensor::normal({8, 2}, 1.0, Stream(2));
  const auto run = [&](double capacity) {
    nn::Tape tape;
    nn::Forward pass(tape, parameters, false, Stream(3));
    const nn::Var in = tape.constant(x);
    return tape.value(layer(capacity).apply(pass, "", *router, in, in));
  };
  const nn::Tensor all = run(0.0), few = run(1.5);  // 1.5 * 8 / 4 = 3 rows
  for (int row = 0; row < 8; ++row)
    for (int j = 0; j < 2; ++j)
      CHECK(few.at(row, j) == doctest::Approx(row < 3 ? all.at(row, j) : x.at(row, j)));
  CHECK(run(4.0) == all);
}
