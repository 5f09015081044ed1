#pragma once

#include "components/models/model.h"
#include "components/objectives/objective.h"
#include "components/optimizers/optimizer.h"
#include "components/selectors/selector.h"
#include "components/stages/minibatches.h"

namespace assay::stages {

// How a stage trains a model.
struct Training {
  const Objective& objective;
  const Optimizer& optimizer;
  int steps = 0;
  int batch = 0;                       // examples in each step
  const Selector* selector = nullptr;  // of the examples in each; null: uniform
};

// What is wrong with examples that the selector weighs and the objective would not; empty if
// nothing is.
std::string check_weights(const Objective& objective, const Selector& selector);

// A training, step by step, by minibatches that a selector orders. Parameters that are frozen stay
// as they are, bit for bit. What it is made of must outlive it.
class Trainer : private Passes {
 public:
  Trainer(const Training& training, const Examples& examples, TrainedModel& model,
          const Stream& order, const Stream& noise);

  int step() const { return step_; }  // the next one
  bool done() const { return step_ >= training_.steps; }
  double loss() const { return loss_; }  // the objective on the last minibatch
  // Throws std::runtime_error where the loss or a gradient is not finite. The last step leaves the
  // model as the optimizer wants it to be (OptimizerState::finish).
  void advance();
  // What the optimizer has to say of the training so far.
  std::vector<OptimizerState::Figure> figures() const { return state_->figures(); }
  // Everything that going on from here to the same bits needs.
  void save(Archive& out) const;
  void load(const Archive& in);  // requires a trainer at step 0

 private:
  // Random numbers of this step.
  Stream step_noise() const { return noise_.fork("step", static_cast<std::uint64_t>(step_)); }
  // Runs the objective on the examples and leaves its gradients on the tape; its value.
  double evaluate(const Examples& batch, const Stream& noise, std::span<const double> weights);
  // The same once more: what the objective remembers stays as the step's own pass left it.
  const nn::Tape& evaluate_again(const Examples& batch, const Stream& noise,
                                 std::span<const double> weights);
  const nn::Tape& again() override { return evaluate_again(batch_, step_noise(), weights_); }
  const nn::Tape& example(int i) override;
  int batch() const override { return batch_.count; }
  int examples() const override { return examples_.count; }
  bool epochs() const override { return batches_->epochs(); }
  Stream noise() const override { return step_noise().fork("optimizer"); }
  bool updates() const override { return pass_.has_updates(); }
  void run_updates();

  Training training_;
  const Examples& examples_;
  TrainedModel& model_;
  Stream noise_;
  std::unique_ptr<BatchOrder> batches_;
  std::unique_ptr<OptimizerState> state_;
  nn::Tensor memory_;          // the objective's
  nn::Tensor before_, after_;  // that memory around a step's own pass, for passes again
  nn::Tape tape_;
  nn::Forward pass_;
  Examples batch_, single_;
  std::vector<double> weights_;     // of the examples of batch_; empty where all count alike
  std::vector<nn::Tensor> frozen_;  // room for what updates must not change
  int step_ = 0;
  double loss_ = 0.0;
};

// The examples with a teacher's outputs for a student to learn from. Throws std::runtime_error
// where they do not fit.
Examples taught(const Examples& examples, const TrainedModel& teacher, const TrainedModel& student);

// Trains `model` to the end, pausing and going on as the context asks. Gives the curve "loss" and,
// after a step, the metric "train_loss": the objective on the last minibatch.
void run_training(StageContext& context, const Examples& examples, const Training& training,
                  TrainedModel& model);

}  // namespace assay::stages
