#pragma once

#include "components/optimizers/optimizer.h"

namespace assay::stages {

// What a training needs to go on at a step as if it had not been cut off: batches and noise follow
// from the step alone.
inline void save_training(Archive& out, int step, double loss, const nn::Parameters& parameters,
                          const OptimizerState& state) {
  const double at[] = {static_cast<double>(step), loss};
  out.put<double>("training", at, {2});
  parameters.save(out, "parameters");
  state.save(out, "optimizer");
}

// The step to go on at, and the loss of the one before. `state` belongs to `parameters`, of which
// those that are frozen stay frozen.
inline int load_training(const Archive& in, double& loss, nn::Parameters& parameters,
                         OptimizerState& state) {
  nn::Parameters saved = nn::Parameters::load(in, "parameters");
  for (nn::Parameter& p : saved) p.frozen = parameters.get(p.name).frozen;
  parameters = std::move(saved);
  state.load(in, "optimizer");
  loss = in.array("training").as<double>()[1];
  return static_cast<int>(in.array("training").as<double>()[0]);
}

// Throws std::runtime_error where the loss or a gradient of this step is not finite, saying where
// it began.
inline void require_finite(const nn::Tape& tape, nn::Var loss, int step) {
  try {
    tape.require_finite(loss);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error("step " + std::to_string(step) + ": " + error.what());
  }
}

}  // namespace assay::stages
