#include "components/datasets/dataset.h"
#include "components/saes/sae.h"
#include "components/samplers/sampler.h"
#include "tests/contracts/stage_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

template <class T>
std::shared_ptr<const T> shared(T value) {
  return std::make_shared<const T>(std::move(value));
}

// A stage's result under the name that later stages know it by.
void run_into(Inputs& inputs, const std::string& name, const std::string& text) {
  inputs[name] = run_stage(*build<Stage>(text), inputs, 0).artifact;
}

Inputs sources() {
  Inputs out;
  run_into(out, "data", "{ use = \"load\", dataset = \"breast-cancer\" }");
  run_into(out, "base",
           "{ use = \"train\", data = \"data\", model = { use = \"mlp\", hidden = [6] }, "
           "steps = 3 }");
  run_into(out, "dictionary", "{ use = \"train-sae\", data = \"data\", steps = 2 }");
  run_into(out, "text",
           "{ use = \"load\", dataset = { use = \"moby-dick\", context = 3, characters = 2000 } }");
  run_into(out, "reader", "{ use = \"train\", data = \"text\", model = \"linear\", steps = 2 }");
  return out;
}

// One study line for every registered stage; a stage without one fails the test below.
const std::multimap<std::string, std::string> kStages = {
    {"load", "{ use = \"load\", dataset = \"breast-cancer\" }"},
    {"train",
     "{ use = \"train\", data = \"data\", model = { use = \"mlp\", hidden = [6] }, steps = 3 }"},
    {"prune", "{ use = \"prune\", model = \"base\", data = \"data\", pruner = \"wanda\" }"},
    {"prune", "{ use = \"prune\", model = \"base\", data = \"data\", pruner = \"random\" }"},
    {"quantize", "{ use = \"quantize\", model = \"base\", data = \"data\" }"},
    {"train-sae", "{ use = \"train-sae\", data = \"data\", steps = 2 }"},
    {"sample",
     "{ use = \"sample\", model = \"reader\", data = \"text\", count = 3, sampler = { use = "
     "\"ancestral\", length = 4 } }"},
    {"evaluate",
     "{ use = \"evaluate\", model = \"base\", data = \"data\", sae = \"dictionary\", metrics = "
     "[\"accuracy\", \"l0\"], split = \"valid\" }"},
    {"noop", "{ use = \"noop\", value = 2.5 }"},
    {"sleep", "{ use = \"sleep\", seconds = 0.0 }"},
    {"fail", "{ use = \"fail\", fail = false }"},
    {"crash", "{ use = \"crash\", crash = false }"},
    {"allocate", "{ use = \"allocate\", megabytes = 1 }"},
};

double metric_of(const Ran& ran, const std::string& name) {
  for (const Measured& m : ran.metrics)
    if (m.name == name) return m.value;
  FAIL("no metric " << name);
  return 0.0;
}

}  // namespace

TEST_CASE("every stage keeps the contract of its kind") {
  const Inputs inputs = sources();
  for (const auto& [name, text] : kStages) stage_contract(text, inputs);
  for (const std::string& name : Registry::global().names("stage"))
    CHECK_MESSAGE(kStages.count(name) > 0, name << " is not among the stages tested");
}

TEST_CASE("pruning and then quantizing keeps what is gone at exactly 0") {
  Inputs inputs = sources();
  run_into(inputs, "less",
           "{ use = \"prune\", model = \"base\", data = \"data\", pruner = { use = \"magnitude\", "
           "sparsity = 0.5 } }");
  run_into(inputs, "small",
           "{ use = \"quantize\", model = \"less\", data = \"data\", quantizer = { use = "
           "\"round-to-nearest\", bits = 8, symmetric = false } }");
  const auto metrics = [&](const std::string& name) {
    return run_stage(*build<Stage>("{ use = \"evaluate\", model = \"" + name +
                                   "\", metrics = [\"sparsity\", \"multiply-adds\"] }"),
                     inputs, 0);
  };
  // 30 x 6 and 6 x 2 weights.
  CHECK(metric_of(metrics("base"), "multiply-adds") == 192);
  CHECK(metric_of(metrics("less"), "multiply-adds") == 96);
  CHECK(metric_of(metrics("less"), "sparsity") == 0.5);
  CHECK(metric_of(metrics("small"), "multiply-adds") == 96);
  CHECK(metric_of(metrics("small"), "sparsity") >= 0.5);
}

TEST_CASE("evaluate looks at the split that it names") {
  const Inputs inputs = sources();
  const auto& data = dynamic_cast<const Data&>(*inputs.at("data"));
  const auto& base = dynamic_cast<const TrainedModel&>(*inputs.at("base"));
  for (const char* split : {"train", "valid", "test"}) {
    CAPTURE(split);
    const Examples& examples = data.split(split);
    const nn::Tensor logits = base.outputs(examples);
    double right = 0.0;
    for (int i = 0; i < examples.count; ++i)
      right += (logits.at(i, 1) > logits.at(i, 0)) ==
               (examples.labels[static_cast<std::size_t>(i)] == 1);
    const Ran ran = run_stage(
        *build<Stage>("{ use = \"evaluate\", model = \"base\", data = \"data\", metrics = "
                      "[\"accuracy\"], split = \"" +
                      std::string(split) + "\" }"),
        inputs, 0);
    CHECK(metric_of(ran, "accuracy") == right / examples.count);
  }
}

TEST_CASE("the stages that test runners do what they say") {
  CHECK(metric_of(run_stage(*build<Stage>("{ use = \"noop\", value = 2.5 }"), {}, 0), "value") ==
        2.5);
  CHECK_THROWS_WITH_AS(run_stage(*build<Stage>("{ use = \"fail\", message = \"no luck\" }"), {}, 0),
                       "no luck", std::runtime_error);
  // 2,000,000 bytes in pages of 4096, the last one partial.
  CHECK(metric_of(run_stage(*build<Stage>("{ use = \"allocate\", megabytes = 2 }"), {}, 0),
                  "pages") == 489);
  const std::atomic<bool> stop = true;
  StageContext stopped({}, {}, 1, &stop);
  CHECK_THROWS_AS(build<Stage>("{ use = \"sleep\", seconds = 60 }")->run(stopped), Interrupted);
}
