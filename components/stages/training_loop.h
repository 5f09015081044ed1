#pragma once

#include "components/models/model.h"
#include "components/objectives/objective.h"
#include "components/optimizers/optimizer.h"

namespace assay::stages {

// How a stage trains a model.
struct Training {
  const Objective& objective;
  const Optimizer& optimizer;
  int steps = 0;
  int batch = 0;  // examples in each step
};

// Trains `model` by minibatches drawn without replacement, epoch by epoch, pausing and going on as
// the context asks. Parameters that are frozen stay as they are, bit for bit. Gives the curve
// "loss" and, after a step, the metric "train_loss": the objective on the last minibatch.
void run_training(StageContext& context, const Examples& examples, const Training& training,
                  TrainedModel& model);

}  // namespace assay::stages
