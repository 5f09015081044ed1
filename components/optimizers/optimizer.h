#pragma once

#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "components/nn/tape.h"
#include "runner/registry/component.h"

namespace assay {

// The pass behind a step's gradients, for rules that want more of it (Optimizer::reevaluates).
class Passes {
 public:
  virtual ~Passes() = default;
  // Gradients at the parameters' present values, on the same examples and random numbers.
  virtual const nn::Tape& again() = 0;
  // Those of the loss of one example of the minibatch alone, from 0 to batch() - 1.
  virtual const nn::Tape& example(int i) = 0;
  virtual int batch() const = 0;
  virtual int examples() const = 0;  // that minibatches are drawn from
  // Whether each example is in one minibatch of an epoch at most, whatever it is.
  virtual bool epochs() const = 0;
  // Random numbers of this step for the rule.
  virtual Stream noise() const = 0;
  // Whether components change parameters once the rule has stepped (Forward::after_step).
  virtual bool updates() const = 0;
};

// The gradients of a step: a tape's, or what a rule around this one gives instead.
class Gradients {
 public:
  Gradients(const nn::Tape& tape,  // NOLINT(google-explicit-constructor)
            Passes* passes = nullptr)
      : tape_(&tape),
        passes_(passes) {}
  // One for each parameter, in their order.
  explicit Gradients(std::span<const nn::Tensor* const> instead) : instead_(instead) {}

  // Of the parameter with this index; null where it stays as it is.
  const nn::Tensor* of(const nn::Parameter& parameter, std::size_t index) const {
    return tape_ ? tape_->gradient_of(parameter) : instead_[index];
  }
  Passes& passes() const {
    if (!passes_)
      throw std::runtime_error("the optimizer evaluates steps again, which is not offered here");
    return *passes_;
  }

 private:
  const nn::Tape* tape_ = nullptr;
  std::span<const nn::Tensor* const> instead_;
  Passes* passes_ = nullptr;
};

// The state of one training: moments and step count; saved in checkpoints.
class OptimizerState {
 public:
  OptimizerState() = default;
  OptimizerState(const OptimizerState&) = delete;
  OptimizerState& operator=(const OptimizerState&) = delete;
  virtual ~OptimizerState() = default;
  // One step; parameters without a gradient stay as they are. Masked entries stay 0.
  virtual void step(nn::Parameters& parameters, const Gradients& gradients) = 0;
  // Numbers of the parameter with this index, `count` of them, were given other values than the
  // step did: what the rule remembers of them (moments) is as at the start.
  virtual void forget(std::size_t /*parameter*/, std::int64_t /*first*/, std::int64_t /*count*/) {}
  // After the last step, before what components do to parameters after it: gives them the values
  // that the trained model is to have.
  virtual void finish(nn::Parameters& /*parameters*/) {}
  // What there is to say of the training so far, for metrics of its stage.
  struct Figure {
    std::string_view name;
    double value = 0.0;
  };
  virtual std::vector<Figure> figures() const { return {}; }
  virtual void save(Archive& out, const std::string& prefix) const = 0;
  virtual void load(const Archive& in, const std::string& prefix) = 0;
};

// An update rule. Schedules see the step and the total number of steps.
class Optimizer : public Component {
 public:
  static constexpr std::string_view kKind = "optimizer";
  static constexpr std::string_view kNeutral = "sgd";
  virtual std::unique_ptr<OptimizerState> begin(const nn::Parameters& parameters,
                                                int total_steps) const = 0;
  // Whether steps ask for Gradients::passes().
  virtual bool reevaluates() const { return false; }
};

}  // namespace assay
