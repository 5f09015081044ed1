#include "components/evictions/eviction.h"
#include "tests/contracts/mixer_contract.h"

using namespace assay;
using namespace assay::testing;

TEST_CASE("every mixer keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("mixer")) mixer_contract(text);
}

TEST_CASE("token-shift on three positions solved by hand") {
  const auto mixer = build<Mixer>("{ use = \"token-shift\", start = 0.75 }");
  nn::Parameters parameters;
  mixer->declare(parameters, "mixer", 1, Stream(1));
  parameters.get("mixer.project.weight").value.set(0, 2.0);
  const nn::Tensor x = nn::Tensor::of({3, 1}, std::vector<double>{4, 8, 0});
  // 2 (0.75 x_t + 0.25 x_{t-1}).
  CHECK(mix(*mixer, parameters, x, 3) == nn::Tensor::of({3, 1}, std::vector<double>{6, 14, 4}));
}

TEST_CASE("attention of every form keeps the contract of mixers") {
  for (const char* form :
       {", causal = false", ", window = 2", ", window = 3, causal = false",
        ", positions = \"none\", bias = false", ", heads = 1",
        ", query_gate = \"sigmoid\", key_gate = \"sigmoid\", value_gate = "
        "\"sigmoid\", heads_gate = \"sigmoid\", output_gate = \"hard-concrete\""})
    mixer_contract("{ use = \"attention\"" + std::string(form) + " }");
}

TEST_CASE("attention's heads must divide the features") {
  nn::Parameters parameters;
  CHECK_THROWS_WITH(
      build<Mixer>("{ use = \"attention\", heads = 3 }")->declare(parameters, "m", 4, Stream(1)),
      "attention: 3 heads do not divide 4 features into even parts");
}

TEST_CASE("attention with sinks is attention as long as its cache has room") {
  const auto mixer = build<Mixer>("{ use = \"attention\", heads = 1 }");
  nn::Parameters parameters;
  mixer->declare(parameters, "mixer", 4, Stream(1));
  const nn::Tensor x = nn::Tensor::normal({10, 4}, 1.0, Stream(2));
  const auto sinks = build<Eviction>("{ use = \"sink-window\", sinks = 2 }");
  cache_law(*mixer, parameters, x, 5, mix(*mixer, parameters, x, 5), &*sinks);
}

TEST_CASE("recurrent mixers of every form keep the contract of mixers") {
  for (const char* text :
       {"{ use = \"linear-attention\", decay = \"none\" }",
        "{ use = \"linear-attention\", decay = \"fixed\", heads = 4 }",
        "{ use = \"recurrent\", cell = \"lstm\" }", "{ use = \"state-space\", states = 1 }"})
    mixer_contract(text);
}
