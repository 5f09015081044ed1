#include <filesystem>

#include "components/datasets/dataset.h"
#include "components/saes/sae.h"
#include "components/samplers/sampler.h"
#include "runner/registry/safetensors.h"
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
  run_into(out, "some", "{ use = \"select\", data = \"data\", count = 20 }");
  run_into(out, "dictionary", "{ use = \"train-sae\", data = \"data\", steps = 2 }");
  run_into(out, "text",
           "{ use = \"load\", dataset = { use = \"moby-dick\", context = 3, characters = 2000 } }");
  run_into(out, "reader", "{ use = \"train\", data = \"text\", model = \"linear\", steps = 2 }");
  return out;
}

// One study line for every registered stage; a stage without one fails the test below.
const std::multimap<std::string, std::string> kStages = {
    {"planted", "{ use = \"planted\", noise = 0.5 }"},
    {"load", "{ use = \"load\", dataset = \"breast-cancer\" }"},
    {"train",
     "{ use = \"train\", data = \"data\", model = { use = \"mlp\", hidden = [6] }, steps = 3 }"},
    {"train",
     "{ use = \"train\", data = \"data\", model = { use = \"mlp\", hidden = [6], input_gate = { "
     "use "
     "= \"reinforce\", target = 0.5 } }, steps = 3 }"},
    {"finetune", "{ use = \"finetune\", model = \"base\", data = \"data\", steps = 3 }"},
    {"finetune",
     "{ use = \"finetune\", model = \"base\", data = \"data\", adapter = \"lora\", train = "
     "[\"output.*\"], freeze = [\"output.bias\"], steps = 3 }"},
    {"train",
     "{ use = \"train\", data = \"data\", model = { use = \"mlp\", hidden = [6] }, steps = 5, "
     "selector = \"class-balanced\" }"},
    {"train",
     "{ use = \"train\", data = \"data\", model = { use = \"mlp\", hidden = [6] }, steps = 5, "
     "selector = { use = \"loss-weighted\", refresh = 3 } }"},
    {"train",
     "{ use = \"train\", data = \"data\", model = { use = \"mlp\", hidden = [6] }, steps = 5, "
     "selector = { use = \"curriculum\", full = 1.0 } }"},
    {"finetune",
     "{ use = \"finetune\", model = \"base\", data = \"data\", steps = 5, selector = { use = "
     "\"curriculum\", difficulty = \"loss\" } }"},
    {"select", "{ use = \"select\", data = \"data\", count = 9 }"},
    {"select",
     "{ use = \"select\", data = \"data\", model = \"base\", chosen = \"some\", selector = "
     "\"margin\", count = 9 }"},
    {"select",
     "{ use = \"select\", data = \"data\", model = \"base\", chosen = \"some\", selector = { use = "
     "\"k-centre\", site = \"hidden1.act\" } }"},
    {"prune", "{ use = \"prune\", model = \"base\", data = \"data\", pruner = \"wanda\" }"},
    {"prune", "{ use = \"prune\", model = \"base\", data = \"data\", pruner = \"random\" }"},
    {"prune-retrain",
     "{ use = \"prune-retrain\", data = \"data\", model = { use = \"mlp\", hidden = [6] }, steps = "
     "4, rounds = 2, rewind = 1 }"},
    {"prune-retrain",
     "{ use = \"prune-retrain\", data = \"data\", model = { use = \"mlp\", hidden = [6] }, steps = "
     "3, rounds = 1, last = \"random\" }"},
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

// What a stage says when it cannot do its work.
std::string failure(const std::string& text, const Inputs& inputs) {
  try {
    (void)run_stage(*build<Stage>(text), inputs, 0);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

// The base model's weights, doubled, as a file, and the stage that reads them.
std::string import_line(const Inputs& inputs, const std::string& more = "") {
  NamedArrays weights;
  for (const auto& p : dynamic_cast<const TrainedModel&>(*inputs.at("base")).parameters) {
    nn::Tensor twice = p.value;
    for (std::int64_t i = 0; i < twice.count(); ++i) twice.set(i, 2 * twice.get(i));
    weights["net." + p.name] = twice.to_array();
  }
  const std::string file =
      (std::filesystem::temp_directory_path() / "assay-twice.safetensors").string();
  write_safetensors(file, weights);
  const std::string line =
      "{ use = \"import-weights\", model = \"base\", file = \"" + file + "\"" + more;
  const std::string message = failure(line + ", sha256 = \"\" }", inputs);
  REQUIRE(message.find("has the SHA-256 ") != std::string::npos);
  return line + ", sha256 = \"" + message.substr(message.size() - 64) + "\" }";
}

double metric_of(const Ran& ran, const std::string& name) {
  for (const Measured& m : ran.metrics)
    if (m.name == name) return m.value;
  FAIL("no metric " << name);
  return 0.0;
}

}  // namespace

TEST_CASE("every stage keeps the contract of its kind") {
  const Inputs inputs = sources();
  auto stages = kStages;
  stages.emplace("import-weights", import_line(inputs, ", prefix = \"net.\""));
  for (const auto& [name, text] : stages) stage_contract(text, inputs);
  for (const std::string& name : Registry::global().names("stage"))
    CHECK_MESSAGE(stages.count(name) > 0, name << " is not among the stages tested");
}

TEST_CASE("weights from a file take the place of those of the same name") {
  const Inputs inputs = sources();
  const auto& base = dynamic_cast<const TrainedModel&>(*inputs.at("base")).parameters;
  const Ran ran = run_stage(*build<Stage>(import_line(inputs, ", prefix = \"net.\"")), inputs, 0);
  const auto& read = dynamic_cast<const TrainedModel&>(*ran.artifact).parameters;
  REQUIRE(read.size() == base.size());
  for (const auto& p : base)
    for (std::int64_t i = 0; i < p.value.count(); ++i)
      CHECK(read.get(p.name).value.get(i) == 2 * p.value.get(i));
  CHECK(failure(import_line(inputs), inputs).find("hidden1.weight is not in it; hidden1.bias") !=
        std::string::npos);
  CHECK(failure(import_line(inputs, ", partial = true"), inputs)
            .ends_with("assay-twice.safetensors names no parameter of the model"));
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

TEST_CASE("select keeps what is chosen, after what was chosen before, and says which rows") {
  Inputs inputs = sources();
  const auto& data = dynamic_cast<const Data&>(*inputs.at("data"));
  const auto& some = dynamic_cast<const Data&>(*inputs.at("some"));
  run_into(inputs, "more",
           "{ use = \"select\", data = \"data\", model = \"base\", chosen = \"some\", selector = "
           "\"entropy\", count = 5 }");
  const auto& more = dynamic_cast<const Data&>(*inputs.at("more"));
  CHECK(some.train.count == 20);
  REQUIRE(more.train.count == 25);
  CHECK(more.test.labels == data.test.labels);
  const nn::Tensor& rows = more.truth.at("selected");
  for (int i = 0; i < 25; ++i) {
    const int row = static_cast<int>(rows.get(i));
    if (i < 20) CHECK(row == some.truth.at("selected").get(i));
    CHECK(more.train.labels[static_cast<std::size_t>(i)] ==
          data.train.labels[static_cast<std::size_t>(row)]);
    for (int j = 0; j < data.format.width; ++j)
      CHECK(more.train.features.at(i, j) == data.train.features.at(row, j));
  }
  CHECK(failure("{ use = \"select\", data = \"data\", chosen = \"data\" }", inputs) ==
        "chosen: it is no choice by a stage select");
  CHECK(failure("{ use = \"select\", data = \"text\", chosen = \"some\" }", inputs) ==
        "chosen: it was chosen from other data");
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
