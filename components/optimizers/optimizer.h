#pragma once

#include <memory>

#include "components/nn/tape.h"
#include "runner/registry/component.h"

namespace assay {

// The state of one training: moments and step count; saved in checkpoints.
class OptimizerState {
 public:
  OptimizerState() = default;
  OptimizerState(const OptimizerState&) = delete;
  OptimizerState& operator=(const OptimizerState&) = delete;
  virtual ~OptimizerState() = default;
  // One step with the tape's gradients; parameters that the tape did not use stay as they are.
  // Masked entries stay 0.
  virtual void step(nn::Parameters& parameters, const nn::Tape& tape) = 0;
  virtual void save(Archive& out, const std::string& prefix) const = 0;
  virtual void load(const Archive& in, const std::string& prefix) = 0;
};

// An update rule. Schedules see the step and the total number of steps.
class Optimizer : public Component {
 public:
  static constexpr std::string_view kKind = "optimizer";
  virtual std::unique_ptr<OptimizerState> begin(const nn::Parameters& parameters,
                                                int total_steps) const = 0;
};

}  // namespace assay
