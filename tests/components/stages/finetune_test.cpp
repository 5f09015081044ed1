#include "components/models/model.h"
#include "components/stages/trainer.h"
#include "tests/contracts/stage_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

Inputs sources() {
  Inputs out;
  out["data"] =
      run_stage(*build<Stage>("{ use = \"load\", dataset = \"breast-cancer\" }"), {}, 0).artifact;
  out["base"] = run_stage(*build<Stage>("{ use = \"train\", data = \"data\", model = { use = "
                                        "\"mlp\", hidden = [6, 5] }, steps = 3 }"),
                          out, 0)
                    .artifact;
  return out;
}

std::string line(const std::string& more) {
  return "{ use = \"finetune\", model = \"base\", data = \"data\", steps = 4" + more + " }";
}

const TrainedModel& trained(const Artifact& artifact) {
  return dynamic_cast<const TrainedModel&>(artifact);
}

// Names of the base's parameters that a finetuning changed.
std::vector<std::string> changed(const Inputs& inputs, const std::string& more,
                                 double* trainable = nullptr) {
  const Ran ran = run_stage(*build<Stage>(line(more)), inputs, 0);
  std::vector<std::string> out;
  for (const nn::Parameter& p : trained(*inputs.at("base")).parameters)
    if (!(trained(*ran.artifact).parameters.get(p.name).value == p.value)) out.push_back(p.name);
  for (const Measured& m : ran.metrics)
    if (trainable && m.name == "trainable_parameters") *trainable = m.value;
  return out;
}

std::string failure(const Inputs& inputs, const std::string& more) {
  try {
    (void)run_stage(*build<Stage>(line(more)), inputs, 0);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

using Names = std::vector<std::string>;
const Names kAll = {"hidden1.weight", "hidden1.bias",  "hidden2.weight",
                    "hidden2.bias",   "output.weight", "output.bias"};

}  // namespace

TEST_CASE("what is frozen keeps its bits under every optimizer, weight decay included") {
  const Inputs inputs = sources();
  double trainable = 0.0;
  for (const ComponentSpec* rule : Registry::global().all("optimizer")) {
    CAPTURE(rule->name);
    std::string optimizer = ", optimizer = { use = \"" + rule->name + "\"";
    if (rule->param("lr")) optimizer += ", lr = 1e-2";
    if (rule->param("weight_decay")) optimizer += ", weight_decay = 0.1";
    if (rule->param("optimizer")) optimizer += ", optimizer = { use = \"adamw\", lr = 1e-2 }";
    optimizer += " }";
    CHECK(changed(inputs, optimizer, &trainable) == kAll);
    CHECK(trainable == 30 * 6 + 6 + 6 * 5 + 5 + 5 * 2 + 2);
    CHECK(changed(inputs, optimizer + ", train = [\"*.bias\"]", &trainable) ==
          Names{"hidden1.bias", "hidden2.bias", "output.bias"});
    CHECK(trainable == 6 + 5 + 2);
    CHECK(changed(inputs, optimizer + ", freeze = [\"hidden*\", \"*.bias\"]") ==
          Names{"output.weight"});
    CHECK(changed(inputs, optimizer + ", adapter = \"lora\"", &trainable).empty());
    CHECK(trainable == 4 * (30 + 6 + 6 + 5 + 5 + 2));
    CHECK(changed(inputs, optimizer + ", adapter = \"ia3\", train = [\"output.*\"]", &trainable) ==
          Names{"output.weight", "output.bias"});
    CHECK(trainable == 6 + 5 + 2 + 5 * 2 + 2);
  }
}

TEST_CASE("an adapter begins where the model is and then learns") {
  const Inputs inputs = sources();
  const Examples& test = dynamic_cast<const Data&>(*inputs.at("data")).test;
  const nn::Tensor before = trained(*inputs.at("base")).outputs(test);
  for (const char* adapter : {"lora", "ia3"}) {
    const std::string with = ", adapter = \"" + std::string(adapter) + "\"";
    const Ran start = run_stage(*build<Stage>("{ use = \"finetune\", model = \"base\", data = "
                                              "\"data\", steps = 0" +
                                              with + " }"),
                                inputs, 0);
    CHECK(trained(*start.artifact).outputs(test) == before);
    const Ran later = run_stage(*build<Stage>(line(with)), inputs, 0);
    CHECK_FALSE(trained(*later.artifact).outputs(test) == before);
    for (const nn::Parameter& p : trained(*later.artifact).parameters) CHECK_FALSE(p.frozen);
    // And again, with an adapter on the adapter.
    Inputs twice = inputs;
    twice["base"] = later.artifact;
    const Ran again = run_stage(*build<Stage>(line(with)), twice, 0);
    CHECK(trained(*again.artifact).parameters.size() > trained(*later.artifact).parameters.size());
  }
}

TEST_CASE("pruned weights stay pruned while a model is trained further") {
  Inputs inputs = sources();
  inputs["base"] =
      run_stage(*build<Stage>("{ use = \"prune\", model = \"base\", data = \"data\" }"), inputs, 0)
          .artifact;
  const Ran ran = run_stage(*build<Stage>(line("")), inputs, 0);
  for (const nn::Parameter& p : trained(*ran.artifact).parameters)
    for (std::int64_t i = 0; i < p.mask.count(); ++i)
      if (p.mask.get(i) == 0.0) CHECK(p.value.get(i) == 0.0);
}

namespace {

// As cross-entropy, with an update after the step that moves every bias.
struct Updating final : Objective {
  std::shared_ptr<const Objective> inner = build<Objective>("\"cross-entropy\"");
  nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
               const Examples& batch) const override {
    pass.after_step([](nn::Parameters& all) {
      for (nn::Parameter& p : all)
        if (p.role == nn::Role::kBias) p.value.fill(7.0);
    });
    return inner->loss(pass, model, format, batch);
  }
};

}  // namespace

TEST_CASE("updates after a step leave alone what is frozen") {
  const Inputs inputs = sources();
  TrainedModel model = trained(*inputs.at("base"));
  const nn::Tensor before = model.parameters.get("hidden1.bias").value;
  model.parameters.get("hidden1.bias").frozen = true;
  StageContext context({11, 0, "it"}, {}, 1, nullptr);
  const auto optimizer = build<Optimizer>("\"sgd\"");
  stages::run_training(context, dynamic_cast<const Data&>(*inputs.at("data")).train,
                       {Updating(), *optimizer, 2, 8}, model);
  CHECK(model.parameters.get("hidden1.bias").value == before);
  CHECK(model.parameters.get("hidden2.bias").value == nn::Tensor::full({5}, 7.0));
}

TEST_CASE("finetune says what does not fit") {
  Inputs inputs = sources();
  CHECK(failure(inputs, ", freeze = [\"hiden1.*\"]") ==
        "freeze: the model has no parameter \"hiden1.*\"; did you mean \"hidden1.weight\"?");
  CHECK(failure(inputs, ", train = [\"hidden1.bias\", \"*.wieght\"]") ==
        "train: the model has no parameter \"*.wieght\"; did you mean \"hidden1.weight\"?");
  CHECK(failure(inputs, ", freeze = [\"*\"]") == "everything is frozen, nothing would train");
  CHECK(failure(inputs, ", adapter = { use = \"lora\", layers = [\"query\"] }") ==
        "the model has no layer \"query\"; there are hidden1, hidden2, output");
  inputs["data"] =
      run_stage(*build<Stage>("{ use = \"load\", dataset = \"digits\" }"), {}, 0).artifact;
  CHECK(failure(inputs, "") == "the model reads 30 features, the data have 64 features");
  Data ten = dynamic_cast<const Data&>(*inputs["data"]);
  ten.format.width = 30;
  inputs["data"] = std::make_shared<const Data>(ten);
  CHECK(failure(inputs, "") ==
        "the model gives 2 classes at 1 positions and 0 targets, the data have 10 classes at 1 "
        "positions and 0 targets");
}
