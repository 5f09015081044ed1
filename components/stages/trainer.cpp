#include "components/stages/trainer.h"

#include <cmath>

#include "components/nn/cores.h"
#include "components/stages/training.h"

namespace assay::stages {

namespace {

std::unique_ptr<BatchOrder> order_of(const Training& training, const Examples& examples,
                                     const TrainedModel& model, const Stream& stream) {
  if (training.selector)
    if (const std::string wrong = check_weights(training.objective, *training.selector);
        !wrong.empty())
      throw std::runtime_error(wrong);
  const Pool pool{examples, model.format, &model, {}};
  return training.selector ? training.selector->order(pool, stream, training.batch)
                           : uniform_order(pool, stream, training.batch);
}

}  // namespace

std::string check_weights(const Objective& objective, const Selector& selector) {
  if (!selector.weighs() || objective.weighs()) return "";
  return "selector: \"" + selector.spec().name + "\" weighs examples, which the objective \"" +
         objective.spec().name + "\" cannot take into account";
}

void run_training(StageContext& context, const Examples& examples, const Training& training,
                  TrainedModel& model) {
  const nn::UseCores wide(context.cores());
  Trainer trainer(training, examples, model, context.stream("order"), context.stream("pass"));
  if (const auto saved = context.resume()) trainer.load(*saved);
  const int every = curve_interval(training.steps);
  while (!trainer.done()) {
    context.pause_point([&](Archive& to) { trainer.save(to); });
    const int step = trainer.step();
    trainer.advance();
    if (step % every == 0) context.point("loss", step, trainer.loss());
  }
  if (training.steps > 0) context.metric("train_loss", trainer.loss());
  for (const auto& [name, value] : trainer.figures()) context.metric(std::string(name), value);
}

Examples taught(const Examples& examples, const TrainedModel& teacher,
                const TrainedModel& student) {
  require_same_input(teacher.format, student.format);
  if (teacher.format.classes != student.format.classes)
    throw std::runtime_error("the teacher knows " + std::to_string(teacher.format.classes) +
                             " classes, the data have " + std::to_string(student.format.classes));
  Examples out = examples;
  out.teacher = teacher.outputs(examples);
  return out;
}

Trainer::Trainer(const Training& training, const Examples& examples, TrainedModel& model,
                 const Stream& order, const Stream& noise)
    : training_(training),
      examples_(examples),
      model_(model),
      noise_(noise),
      batches_(order_of(training, examples, model, order)),
      state_(training.optimizer.begin(model.parameters, training.steps)),
      memory_(training.objective.memory(model.format, examples.count)),
      pass_(tape_, model.parameters, true, noise) {
  if (!memory_.empty()) pass_.set_memory(&memory_);
}

void Trainer::advance() {
  const double progress = static_cast<double>(step_) / training_.steps;
  examples_.select(batches_->next(progress), model_.format, batch_);
  const auto weights = batches_->weights();
  weights_.assign(weights.begin(), weights.end());
  if (training_.optimizer.reevaluates()) before_ = memory_;
  loss_ = evaluate(batch_, step_noise(), weights_);
  state_->step(model_.parameters, Gradients(tape_, this));
  if (step_ + 1 == training_.steps) state_->finish(model_.parameters);
  run_updates();
  ++step_;
}

double Trainer::evaluate(const Examples& batch, const Stream& noise,
                         std::span<const double> weights) {
  pass_.set_progress(static_cast<double>(step_) / training_.steps);
  pass_.begin(noise);
  pass_.kept<ExampleWeights>().each.assign(weights.begin(), weights.end());
  const nn::Var objective = training_.objective.loss(pass_, *model_.model, model_.format, batch);
  const double loss = tape_.scalar(objective);
  const nn::Var total = pass_.training_loss(objective);
  if (std::isfinite(tape_.scalar(total))) tape_.backward(total);
  require_finite(tape_, total, step_);
  return loss;
}

const nn::Tape& Trainer::evaluate_again(const Examples& batch, const Stream& noise,
                                        std::span<const double> weights) {
  if (memory_.empty()) {
    evaluate(batch, noise, weights);
    return tape_;
  }
  after_ = memory_;
  memory_ = before_;
  evaluate(batch, noise, weights);
  memory_ = after_;
  return tape_;
}

const nn::Tape& Trainer::example(int i) {
  const int row[] = {batch_.rows[static_cast<std::size_t>(i)]};
  examples_.select(row, model_.format, single_);
  const auto weight = std::span<const double>(weights_).subspan(
      weights_.empty() ? 0 : static_cast<std::size_t>(i), weights_.empty() ? 0 : 1);
  return evaluate_again(single_, step_noise().fork("example", static_cast<std::uint64_t>(i)),
                        weight);
}

// What components do to parameters after a step knows nothing of what is frozen: that is put back.
void Trainer::run_updates() {
  if (!pass_.has_updates()) return;
  frozen_.resize(model_.parameters.size());
  std::size_t at = 0;
  for (const nn::Parameter& p : model_.parameters) {
    if (p.frozen) frozen_[at] = p.value;
    ++at;
  }
  pass_.run_updates(model_.parameters);
  at = 0;
  for (nn::Parameter& p : model_.parameters) {
    if (p.frozen) p.value = frozen_[at];
    ++at;
  }
}

void Trainer::save(Archive& out) const {
  save_training(out, step_, loss_, model_.parameters, *state_);
  if (!memory_.empty()) out.put("memory", memory_.to_array());
  batches_->save(out);
}

void Trainer::load(const Archive& in) {
  step_ = load_training(in, loss_, model_.parameters, *state_);
  if (!memory_.empty()) memory_ = nn::Tensor::from_array(in.array("memory"));
  batches_->load(in, step_);
}

}  // namespace assay::stages
