// Trains a model further, as `train` does: all of it, what patterns of parameter names say, or an
// adapter on top of it, the rest being frozen. What trains: the parameters that `train` names,
// where it names none the adapter's, or without an adapter all; an adapter's train besides those
// named; `freeze` is taken out. Frozen parameters keep their bits.
#include "components/adapters/adapter.h"
#include "components/nn/name_patterns.h"
#include "components/stages/trainer.h"

namespace assay::stages {
namespace {

struct Finetune final : Stage {
  using Gives = TrainedModel;
  static constexpr bool kCheckpoint = true;
  static constexpr Info kInfo{"finetune", 1, "Trains a model, or an adapter on it, further.", "",
                              true};
  Input<TrainedModel> model;
  Input<Data> data;
  Slot<Adapter> adapter;
  std::vector<std::string> train, freeze;
  Slot<Objective> objective{"cross-entropy"};
  Slot<Optimizer> optimizer{"adamw"};
  int steps = 500;
  int batch = 64;
  Slot<Selector> selector{"uniform"};
  int calibration = 256;

  static void params(Params<Finetune>& p) {
    p.add("model", &Finetune::model).doc("What it begins with.");
    p.add("data", &Finetune::data).doc("What it learns from.");
    p.add("adapter", &Finetune::adapter).optional().doc("Put on the model, which is then frozen.");
    p.add("train", &Finetune::train)
        .doc(
            "Names of parameters that train, an adapter's besides; * stands for any characters. "
            "Empty: those of the adapter, or all without one.");
    p.add("freeze", &Finetune::freeze).doc("Names of parameters that stay as they are.");
    p.add("objective", &Finetune::objective).doc("What it minimises.");
    p.add("optimizer", &Finetune::optimizer).doc("How.");
    p.add("steps", &Finetune::steps).range(0, 1e8).unit("steps").doc("Optimizer steps.");
    p.add("batch", &Finetune::batch).range(1, 1e6).unit("examples").doc("Examples in each step.");
    p.add("selector", &Finetune::selector).doc("Which examples each step sees.").since(2);
    p.add("calibration", &Finetune::calibration)
        .range(1, 1e6)
        .unit("examples")
        .doc("First training examples that the adapter may look at before it trains.")
        .since(2);
  }

  std::string check() const override { return check_weights(*objective, *selector); }

  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    const Data& source = context.get(data);
    const TrainedModel& base = context.get(model);
    require_same_task(base.format, source.format);
    auto out = begin(base, context.stream("init"));
    if (adapter)
      adapter->calibrate(*out, adapter_name(base.model->config()),
                         source.train.first(calibration, source.format));
    set_frozen(*out, base.parameters);
    double training = 0.0;
    for (const nn::Parameter& p : out->parameters) training += p.frozen ? 0.0 : kept(p);
    if (training == 0.0) throw std::runtime_error("everything is frozen, nothing would train");
    run_training(context, source.train, {*objective, *optimizer, steps, batch, &*selector}, *out);
    context.metric("trainable_parameters", training);
    for (nn::Parameter& p : out->parameters) p.frozen = false;
    return out;
  }

 private:
  static void require_same_task(const DataFormat& had, const DataFormat& given) {
    require_same_input(had, given);
    if (given.positions == had.positions && given.classes <= had.classes &&
        given.targets == had.targets)
      return;
    const auto text = [](const DataFormat& format) {
      return std::to_string(format.classes) + " classes at " + std::to_string(format.positions) +
             " positions and " + std::to_string(format.targets) + " targets";
    };
    throw std::runtime_error("the model gives " + text(had) + ", the data have " + text(given));
  }

  // The model, or a model around it with the adapter as it is declared.
  std::shared_ptr<TrainedModel> begin(const TrainedModel& base, const Stream& init) const {
    auto out = std::make_shared<TrainedModel>(base);
    if (!adapter) return out;
    Value wrapped;
    wrapped.set("use", Value("adapted"));
    wrapped.set("model", base.model->config());
    wrapped.set("adapter", adapter->config());
    out->model = Registry::global().build<Model>(wrapped);
    out->parameters = {};
    out->model->declare(out->parameters, base.format, init);
    for (nn::Parameter& p : out->parameters)
      if (const nn::Parameter* had = base.parameters.find(p.name)) p = *had;
    return out;
  }

  void set_frozen(TrainedModel& trained, const nn::Parameters& base) const {
    std::vector<std::string> names;
    for (const nn::Parameter& p : trained.parameters) names.push_back(p.name);
    const std::vector<bool> asked = nn::selected(names, train, "train: the model has no parameter"),
                            spared =
                                nn::selected(names, freeze, "freeze: the model has no parameter");
    std::size_t i = 0;
    for (nn::Parameter& p : trained.parameters) {
      const bool all = !adapter && train.empty(), adapts = !base.find(p.name);
      p.frozen = spared[i] || !(all || adapts || asked[i]);
      ++i;
    }
  }
};
ASSAY_REGISTER(Stage, Finetune);

}  // namespace
}  // namespace assay::stages
