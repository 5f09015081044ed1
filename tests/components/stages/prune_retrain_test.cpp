#include <cmath>

#include "components/datasets/dataset.h"
#include "components/models/model.h"
#include "tests/contracts/stage_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

const Inputs& inputs() {
  static const Inputs kInputs = {{"data", build<Dataset>("\"breast-cancer\"")->make()}};
  return kInputs;
}

TrainedModel run(const std::string& use, const std::string& more) {
  const Ran ran =
      run_stage(*build<Stage>("{ use = \"" + use +
                              "\", data = \"data\", model = { use = \"mlp\", hidden = [10] }, " +
                              more + " }"),
                inputs(), 0);
  return dynamic_cast<const TrainedModel&>(*ran.artifact);
}

TrainedModel retrained(const std::string& more) {
  return run("prune-retrain", more);
}

std::vector<nn::Tensor> masks(const TrainedModel& m) {
  std::vector<nn::Tensor> out;
  for (const auto& p : m.parameters) out.push_back(p.mask);
  return out;
}

}  // namespace

TEST_CASE("prune-retrain without rounds is a training") {
  CHECK(archive_of(retrained("steps = 20, rounds = 0")) == archive_of(run("train", "steps = 20")));
}

TEST_CASE("prune-retrain leaves the share that rounds leave") {
  const TrainedModel m = retrained("steps = 5, rounds = 3, rate = 0.5");
  // 310 + 10 * 2 weights; 1/8 of them stay.
  CHECK(kept_weights(m.parameters) == std::floor(320 * 0.125));
}

TEST_CASE("what stays goes back to what it was at the step to rewind to") {
  // The pruner takes nothing and the last training is the first again, from wherever it starts.
  const TrainedModel plain = run("train", "steps = 20");
  for (const char* rewind : {"0", "7", "19"}) {
    CAPTURE(rewind);
    const TrainedModel again =
        retrained("steps = 20, rounds = 2, rate = 0.0, rewind = " + std::string(rewind));
    for (const auto& p : plain.parameters) CHECK(again.parameters.get(p.name).value == p.value);
  }
  const TrainedModel random = retrained("steps = 20, rounds = 2, rate = 0.0, last = \"random\"");
  CHECK_FALSE(random.parameters.get("hidden1.weight").value ==
              plain.parameters.get("hidden1.weight").value);
}

TEST_CASE("what the last training starts from leaves the masks as they are") {
  const std::string common = "steps = 10, rounds = 2, rate = 0.5, last = ";
  const TrainedModel rewound = retrained(common + "\"rewound\""),
                     random = retrained(common + "\"random\""),
                     trained = retrained(common + "\"trained\"");
  CHECK(masks(rewound) == masks(random));
  CHECK(masks(rewound) == masks(trained));
  const auto weight = [](const TrainedModel& m) {
    return m.parameters.get("hidden1.weight").value;
  };
  CHECK_FALSE(weight(rewound) == weight(random));
  CHECK_FALSE(weight(rewound) == weight(trained));
}

TEST_CASE("prune-retrain refuses a late step to rewind to and a pruner without a sparsity") {
  const std::string start = "{ use = \"prune-retrain\", data = \"data\", model = \"linear\", ";
  CHECK(error_of<Stage>(start + "steps = 10, rewind = 10 }") ==
        "it.rewind: a step before the last of 10");
  CHECK(error_of<Stage>(start + "pruner = \"heads\" }") ==
        "it.pruner: \"heads\" has no parameter sparsity");
}
