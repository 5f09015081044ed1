// Trains a model by minibatches, drawn without replacement, epoch by epoch, or as a selector says.
// With 0 steps the model stays as it was drawn. The metric train_loss is the objective on the last
// minibatch.
#include "components/stages/trainer.h"

namespace assay::stages {
namespace {

struct Train final : Stage {
  using Gives = TrainedModel;
  static constexpr bool kCheckpoint = true;
  static constexpr Info kInfo{"train", 2, "Trains a model on the training split.", "", true};
  Input<Data> data;
  Slot<Model> model;
  Input<TrainedModel> teacher;
  Slot<Objective> objective{"cross-entropy"};
  Slot<Optimizer> optimizer{"adamw"};
  int steps = 500;
  int batch = 64;
  Slot<Selector> selector{"uniform"};

  static void params(Params<Train>& p) {
    p.add("data", &Train::data).doc("What it learns from.");
    p.add("model", &Train::model).required().doc("The network.");
    p.add("teacher", &Train::teacher)
        .optional()
        .doc("A model whose outputs the objective learns from (kl-distillation).")
        .since(2);
    p.add("objective", &Train::objective).doc("What it minimises.");
    p.add("optimizer", &Train::optimizer).doc("How.");
    p.add("steps", &Train::steps).range(0, 1e8).unit("steps").doc("Optimizer steps.");
    p.add("batch", &Train::batch).range(1, 1e6).unit("examples").doc("Examples in each step.");
    p.add("selector", &Train::selector).doc("Which examples each step sees.").since(3);
  }

  std::string check() const override { return check_weights(*objective, *selector); }

  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    const Data& source = context.get(data);
    auto out = std::make_shared<TrainedModel>();
    // Shared, because the slot's component must outlive this stage.
    out->model = Registry::global().build<Model>(model->config());
    out->format = source.format;
    out->model->declare(out->parameters, out->format, context.stream("init"));
    const Training training = {*objective, *optimizer, steps, batch, &*selector};
    if (const TrainedModel* shows = context.get_if(teacher))
      run_training(context, taught(source.train, *shows, *out), training, *out);
    else
      run_training(context, source.train, training, *out);
    return out;
  }
};
ASSAY_REGISTER(Stage, Train);

}  // namespace
}  // namespace assay::stages
