#pragma once

#include "components/models/flow.h"

namespace assay {

// A batch on the way from noise to data, and what the model should say of it.
struct Noised {
  Examples examples;   // x_t, t and the labels
  nn::Tensor target;   // x - eps, eps or x: count x width
  nn::Tensor weights;  // count, of objectives that weigh examples
};

// Puts each example at its place examples.times, which is set, among noise drawn from `stream`:
// fills the features and the target. Keeps its memory.
void add_noise(const FlowModel& flow, const Examples& batch, Stream stream, Noised& out);

// Mean over all numbers of the squared error, each row times its weight.
nn::Var weighted_error(nn::Var prediction, const Noised& noised);

}  // namespace assay
