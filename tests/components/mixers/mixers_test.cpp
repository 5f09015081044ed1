#include "tests/contracts/mixer_contract.h"

using namespace assay;
using namespace assay::testing;

TEST_CASE("every mixer keeps the contract of its kind") {
  for (const ComponentSpec* spec : Registry::global().all("mixer"))
    mixer_contract("\"" + spec->name + "\"");
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
