// Trainings that were cut off go on to the same bits, whatever they are made of: every optimizer
// and rules around rules, every order of minibatches, objectives and models that remember.
#include "components/datasets/dataset.h"
#include "components/models/model.h"
#include "components/selectors/selector.h"
#include "tests/contracts/stage_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

const Inputs& inputs() {
  static const Inputs kInputs = [] {
    auto data = std::make_shared<Data>();
    data->name = "normal";
    data->format = model("\"linear\"", 4, 3).format;
    data->train = examples(43, 4, 3, 6);
    data->test = examples(9, 4, 3, 7);
    return Inputs{
        {"data", data},
        {"base", std::make_shared<TrainedModel>(model("{ use = \"mlp\", hidden = [5] }", 4, 3))}};
  }();
  return kInputs;
}

void goes_on(const std::string& stage, const std::string& options) {
  const std::string network =
      stage == "finetune" ? "model = \"base\"" : "model = { use = \"mlp\", hidden = [5] }";
  stage_contract(
      "{ use = \"" + stage + "\", data = \"data\", " + network + ", batch = 8, " + options + " }",
      inputs());
}

bool orders(const std::string& selector) {
  const auto& data = dynamic_cast<const Data&>(*inputs().at("data"));
  const auto& base = dynamic_cast<const TrainedModel&>(*inputs().at("base"));
  try {
    (void)build<Selector>(selector)->order({data.train, data.format, &base, {}}, Stream(1), 2);
  } catch (const std::runtime_error&) {
    return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a training goes on to the same bits under every optimizer") {
  std::vector<std::string> rules = examples_of_kind("optimizer");
  for (const char* around :
       {"{ use = \"average\", optimizer = { use = \"clip\", optimizer = \"lion\" } }",
        "{ use = \"sam\", optimizer = { use = \"average\", optimizer = \"muon\" } }",
        "{ use = \"sgd\", lr = 0.1, momentum = 0.9, schedule = \"cosine\", warmup = 3 }"})
    rules.emplace_back(around);
  for (const std::string& rule : rules) {
    goes_on("train", "steps = 11, optimizer = " + rule);
    goes_on("finetune", "steps = 7, train = [\"hidden1.*\"], optimizer = " + rule);
  }
}

TEST_CASE("a training goes on to the same bits with every order of minibatches") {
  int count = 0;
  for (const std::string& selector : examples_of_kind("selector")) {
    if (!orders(selector)) continue;
    ++count;
    goes_on("train", "steps = 13, selector = " + selector);
    goes_on("finetune", "steps = 13, selector = " + selector);
  }
  CHECK(count >= 3);
}

TEST_CASE("a training goes on to the same bits where objective and model remember") {
  for (const char* more :
       {"objective = \"elr\"", "objective = \"elr\", optimizer = { use = \"sam\" }",
        "objective = { use = \"elr\" }, selector = \"loss-weighted\", optimizer = \"average\""})
    goes_on("train", std::string("steps = 13, ") + more);
  stage_contract(
      "{ use = \"train\", data = \"data\", steps = 9, batch = 8, model = { use = \"moe-mlp\", "
      "experts = 4, hidden = 4, router = { use = \"sigmoid-bias\", k = 2 } } }",
      inputs());
}

TEST_CASE("rounds of pruning and retraining go on to the same bits under rules around rules") {
  for (const char* more : {"optimizer = \"average\"",
                           "optimizer = { use = \"sam\", optimizer = \"muon\" }, rewind = 2",
                           "objective = \"elr\", last = \"random\""})
    goes_on("prune-retrain", std::string("steps = 5, rounds = 2, rate = 0.3, ") + more);
}

TEST_CASE("what was measured comes back in the order in which it was measured") {
  States states;
  const StageContext::Lookup nothing = [](const std::string&) { return nullptr; };
  StageContext first({1, 0, "it"}, nothing, 1, nullptr, &states);
  for (const char* name : {"z", "a", "m/n", "b"}) {
    first.metric(name, 1.0);
    first.point(name, 0.0, 2.0);
    first.point(name, 1.0, 3.0);
  }
  first.pause_point([](Archive&) {});
  states.first = states.left.at(0);
  StageContext second({1, 0, "it"}, nothing, 1, nullptr, &states);
  CHECK(second.resume());
  CHECK(second.metrics() == first.metrics());
  CHECK(second.curves() == first.curves());
}
