#include "components/stages/training_loop.h"

#include <cmath>

#include "components/nn/cores.h"
#include "components/stages/minibatches.h"
#include "components/stages/training.h"

namespace assay::stages {

namespace {

// What components do to parameters after a step knows nothing of what is frozen: that is put back.
void run_updates(const nn::Forward& pass, nn::Parameters& parameters,
                 std::vector<nn::Tensor>& room) {
  if (!pass.has_updates()) return;
  room.resize(parameters.size());
  std::size_t at = 0;
  for (const nn::Parameter& p : parameters) {
    if (p.frozen) room[at] = p.value;
    ++at;
  }
  pass.run_updates(parameters);
  at = 0;
  for (nn::Parameter& p : parameters) {
    if (p.frozen) p.value = room[at];
    ++at;
  }
}

}  // namespace

void run_training(StageContext& context, const Examples& examples, const Training& training,
                  TrainedModel& model) {
  const int steps = training.steps;
  nn::Parameters& parameters = model.parameters;
  const auto state = training.optimizer.begin(parameters, steps);
  const Stream noise = context.stream("pass");
  Minibatches batches(context.stream("order"), examples.count, training.batch);
  const nn::UseCores wide(context.cores());
  nn::Tape tape;
  nn::Forward pass(tape, parameters, true, noise);
  Examples batch;
  std::vector<nn::Tensor> room;
  const int every = curve_interval(steps);
  double loss = 0.0;
  int step = 0;
  if (const auto saved = context.resume()) {
    step = load_training(*saved, loss, parameters, *state);
    batches.skip(step);
  }
  for (; step < steps; ++step) {
    context.pause_point([&](Archive& to) { save_training(to, step, loss, parameters, *state); });
    pass.set_progress(static_cast<double>(step) / steps);
    pass.begin(noise.fork("step", static_cast<std::uint64_t>(step)));
    examples.select(batches.next(), model.format, batch);
    nn::Var total = training.objective.loss(pass, *model.model, model.format, batch);
    loss = tape.scalar(total);
    total = pass.training_loss(total);
    if (std::isfinite(tape.scalar(total))) tape.backward(total);
    require_finite(tape, total, step);
    state->step(parameters, tape);
    run_updates(pass, parameters, room);
    if (step % every == 0) context.point("loss", step, loss);
  }
  if (steps > 0) context.metric("train_loss", loss);
}

}  // namespace assay::stages
