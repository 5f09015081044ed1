#include "components/stages/trainer.h"

#include <cmath>

#include "components/stages/training.h"

namespace assay::stages {

Trainer::Trainer(const Objective& objective, const Optimizer& optimizer, int steps, int batch,
                 const Examples& examples, TrainedModel& model, const Stream& order,
                 const Stream& noise)
    : objective_(objective),
      examples_(examples),
      model_(model),
      steps_(steps),
      noise_(noise),
      batches_(order, examples.count, batch),
      state_(optimizer.begin(model.parameters, steps)),
      pass_(tape_, model.parameters, true, noise) {}

void Trainer::advance() {
  pass_.set_progress(static_cast<double>(step_) / steps_);
  pass_.begin(noise_.fork("step", static_cast<std::uint64_t>(step_)));
  examples_.select(batches_.next(), model_.format, batch_);
  nn::Var total = objective_.loss(pass_, *model_.model, model_.format, batch_);
  loss_ = tape_.scalar(total);
  for (const auto& extra : pass_.losses()) total = nn::add(total, extra.value);
  if (std::isfinite(tape_.scalar(total))) tape_.backward(total);
  require_finite(tape_, total, step_);
  state_->step(model_.parameters, tape_);
  pass_.run_updates(model_.parameters);
  ++step_;
}

void Trainer::save(Archive& out) const {
  save_training(out, step_, loss_, model_.parameters, *state_);
}

void Trainer::load(const Archive& in) {
  step_ = load_training(in, loss_, model_.parameters, *state_);
  batches_.skip(step_);
}

}  // namespace assay::stages
