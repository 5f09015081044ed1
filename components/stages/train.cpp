// Trains a model by minibatches drawn without replacement, epoch by epoch. With 0 steps the model
// stays as it was drawn. The metric train_loss is the objective on the last minibatch.
#include <cmath>

#include "components/models/model.h"
#include "components/nn/cores.h"
#include "components/objectives/objective.h"
#include "components/optimizers/optimizer.h"
#include "components/stages/minibatches.h"
#include "components/stages/training.h"

namespace assay::stages {
namespace {

struct Train final : Stage {
  using Gives = TrainedModel;
  static constexpr bool kCheckpoint = true;
  static constexpr Info kInfo{"train", 1, "Trains a model on the training split.", "", true};
  Input<Data> data;
  Slot<Model> model;
  Slot<Objective> objective{"cross-entropy"};
  Slot<Optimizer> optimizer{"adamw"};
  int steps = 500;
  int batch = 64;

  static void params(Params<Train>& p) {
    p.add("data", &Train::data).doc("What it learns from.");
    p.add("model", &Train::model).required().doc("The network.");
    p.add("objective", &Train::objective).doc("What it minimises.");
    p.add("optimizer", &Train::optimizer).doc("How.");
    p.add("steps", &Train::steps).range(0, 1e8).unit("steps").doc("Optimizer steps.");
    p.add("batch", &Train::batch).range(1, 1e6).unit("examples").doc("Examples in each step.");
  }

  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    const Data& source = context.get(data);
    auto out = std::make_shared<TrainedModel>();
    // Shared, because the slot's component must outlive this stage.
    out->model = Registry::global().build<Model>(model->config());
    out->format = source.format;
    out->model->declare(out->parameters, out->format, context.stream("init"));
    const auto state = optimizer->begin(out->parameters, steps);
    const Stream noise = context.stream("pass");
    Minibatches batches(context.stream("order"), source.train.count, batch);
    const nn::UseCores wide(context.cores());
    nn::Tape tape;
    nn::Forward pass(tape, out->parameters, true, noise);
    Examples examples;
    const int every = curve_interval(steps);
    double loss = 0.0;
    int step = 0;
    if (const auto saved = context.resume()) {
      step = load_training(*saved, loss, out->parameters, *state);
      batches.skip(step);
    }
    for (; step < steps; ++step) {
      context.pause_point(
          [&](Archive& to) { save_training(to, step, loss, out->parameters, *state); });
      pass.set_progress(static_cast<double>(step) / steps);
      pass.begin(noise.fork("step", static_cast<std::uint64_t>(step)));
      source.train.select(batches.next(), out->format, examples);
      nn::Var total = objective->loss(pass, *out->model, out->format, examples);
      loss = tape.scalar(total);
      total = pass.training_loss(total);
      if (std::isfinite(tape.scalar(total))) tape.backward(total);
      require_finite(tape, total, step);
      state->step(out->parameters, tape);
      pass.run_updates(out->parameters);
      if (step % every == 0) context.point("loss", step, loss);
    }
    if (steps > 0) context.metric("train_loss", loss);
    return out;
  }
};
ASSAY_REGISTER(Stage, Train);

}  // namespace
}  // namespace assay::stages
