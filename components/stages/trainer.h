#pragma once

#include "components/models/model.h"
#include "components/objectives/objective.h"
#include "components/optimizers/optimizer.h"
#include "components/stages/minibatches.h"

namespace assay::stages {

// A training, step by step, by minibatches drawn without replacement. What it is made of must
// outlive it.
class Trainer {
 public:
  Trainer(const Objective& objective, const Optimizer& optimizer, int steps, int batch,
          const Examples& examples, TrainedModel& model, const Stream& order, const Stream& noise);

  int step() const { return step_; }  // the next one
  bool done() const { return step_ >= steps_; }
  double loss() const { return loss_; }  // the objective on the last minibatch
  // Throws std::runtime_error where the loss or a gradient is not finite.
  void advance();
  void save(Archive& out) const;
  void load(const Archive& in);  // requires a trainer at step 0

 private:
  const Objective& objective_;
  const Examples& examples_;
  TrainedModel& model_;
  int steps_;
  Stream noise_;
  Minibatches batches_;
  std::unique_ptr<OptimizerState> state_;
  nn::Tape tape_;
  nn::Forward pass_;
  Examples batch_;
  int step_ = 0;
  double loss_ = 0.0;
};

}  // namespace assay::stages
