#pragma once

#include "components/objectives/objective.h"
#include "tests/contracts/model_contract.h"

namespace assay::testing {

inline double objective_value(const Objective& objective, const TrainedModel& trained,
                              const Examples& batch, std::uint64_t seed) {
  nn::Tape tape;
  nn::Forward pass(tape, trained.parameters, true, Stream(seed));
  return tape.scalar(objective.loss(pass, *trained.model, trained.format, batch));
}

// The same with weights of the examples.
inline nn::Var weighted_loss(nn::Forward& pass, const Objective& objective,
                             const TrainedModel& trained, const Examples& batch,
                             const std::vector<double>& weights) {
  pass.kept<ExampleWeights>().each = weights;
  return objective.loss(pass, *trained.model, trained.format, batch);
}

// Examples of a format, with a teacher's outputs where there are labels.
inline Examples objective_batch(const DataFormat& format) {
  Examples out = examples_of(format, 8, 5);
  if (format.classes > 0)
    out.teacher =
        nn::Tensor::normal({out.count, format.positions * format.classes}, 1.0, Stream(6));
  return out;
}

// Weights of 1 change nothing; the loss is linear in them, so that it is a sum over examples, each
// times its weight; and the gradient is that of the weighted loss.
inline void weights_laws(const Objective& objective, const TrainedModel& trained, bool exact) {
  const Examples batch = objective_batch(trained.format);
  const auto value = [&](const std::vector<double>& weights) {
    nn::Tape tape(nn::Dtype::kFloat64);
    const nn::Parameters at = trained.parameters.to(nn::Dtype::kFloat64);
    nn::Forward pass(tape, at, true, Stream(1));
    return tape.scalar(weighted_loss(pass, objective, trained, batch, weights));
  };
  const auto n = static_cast<std::size_t>(batch.count);
  std::vector<double> uneven(n);
  for (std::size_t i = 0; i < n; ++i) uneven[i] = 0.25 * static_cast<double>(i * i % 7);
  const double plain = value({});
  CHECK(value(std::vector<double>(n, 1.0)) == doctest::Approx(plain).epsilon(1e-9));
  double parts = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<double> one(n, 0.0);
    one[i] = uneven[i];
    parts += value(one);
  }
  CHECK(value(uneven) == doctest::Approx(parts).epsilon(1e-9));
  CHECK(value(uneven) != doctest::Approx(plain).epsilon(1e-6));
  const LossFn loss = [&](nn::Tape& tape, const nn::Parameters& at) {
    nn::Forward pass(tape, at, true, Stream(9));
    return total_loss(weighted_loss(pass, objective, trained, batch, uneven), pass);
  };
  if (exact) CHECK(gradient_error(trained.parameters, loss) < 1e-5);
}

inline void objective_laws(const Objective& objective, const TrainedModel& trained, bool draws,
                           bool exact) {
  const Examples batch = objective_batch(trained.format);
  const double value = objective_value(objective, trained, batch, 1);
  CHECK(std::isfinite(value));
  CHECK(objective_value(objective, trained, batch, 1) == value);
  if (!draws) CHECK(objective_value(objective, trained, batch, 2) == value);
  const LossFn loss = [&](nn::Tape& tape, const nn::Parameters& at) {
    nn::Forward pass(tape, at, true, Stream(9));
    return total_loss(objective.loss(pass, *trained.model, trained.format, batch), pass);
  };
  if (exact) CHECK(gradient_error(trained.parameters, loss) < 1e-5);

  // Small steps along its gradient lower it, on the same batch and the same random numbers.
  TrainedModel moved = trained;
  for (int step = 0; step < 20; ++step) {
    nn::Tape tape;
    nn::Forward pass(tape, moved.parameters, true, Stream(1));
    tape.backward(objective.loss(pass, *moved.model, moved.format, batch));
    for (nn::Parameter& p : moved.parameters)
      if (const nn::Tensor* slope = tape.gradient_of(p))
        for (std::int64_t i = 0; i < p.value.count(); ++i)
          p.value.set(i, p.value.get(i) - 0.01 * slope->get(i));
  }
  CHECK(objective_value(objective, moved, batch, 1) < value);
}

// A model for data of this form: of labels, of labels of nodes, of targets, or of the data again.
inline std::string model_for(const DataFormat& format) {
  if (format.nodes > 0) return "{ use = \"gcn\", hidden = 5, dropout = 0.0 }";
  return format.classes > 0 || format.targets > 0 ? "\"linear\"" : "\"autoencoder\"";
}

// Of a simple model for data of every form and of models from noise to data, an objective suits
// some and refuses the others by an exception. Where it suits: finite, the same for the same random
// numbers, and a descent along its gradient, which is right, lowers it.
inline void objective_contract(const std::string& text) {
  CAPTURE(text);
  const auto objective = build<Objective>(text);
  config_contract(*objective);
  const std::string flow = "{ use = \"flow-mlp\", width = 5, hidden = 4, blocks = 1";
  int served = 0;
  for (const DataFormat& format : data_formats()) {
    for (const std::string& model : {model_for(format), flow + " }",
                                     flow + ", schedule = \"cosine\", predicts = \"noise\" }"}) {
      TrainedModel trained;
      trained.model = build<Model>(model);
      trained.format = format;
      try {
        trained.model->declare(trained.parameters, format, Stream(3));
        (void)objective_value(*objective, trained, objective_batch(format), 1);
      } catch (const std::exception&) {
        continue;
      }
      ++served;
      objective_laws(*objective, trained, draws("objective", text),
                     exact_gradient("objective", text));
      if (objective->weighs()) weights_laws(*objective, trained, exact_gradient("objective", text));
    }
  }
  CHECK(served > 0);
}

}  // namespace assay::testing
