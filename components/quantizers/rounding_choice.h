#pragma once

#include "components/nn/tape.h"
#include "components/quantizers/grid.h"

namespace assay::quantizers {

// The weights of one layer between the levels below and above them, by one number V for each:
// clip(floor(w) + step h(V)), h(V) = clamp(1.2 sigmoid(V) - 0.1, 0, 1) (Nagel et al. 2020, eq. 22
// and 23), and what they cost. V begins where the weights are what they were.
class RoundingChoice {
 public:
  // `x`: inputs of the layer, rows x columns; empty where it has none.
  RoundingChoice(const nn::Parameter& weight, const Grid& grid, const nn::Tensor& x);

  // Gradients of mean ||W x - W' x||² + factor * sum over weights of 1 - |2 h - 1|^beta on the
  // tape. Gives its value.
  double backward(double factor, double beta);
  // Each weight down where h < 1/2, else up.
  std::vector<double> rounded() const;

  nn::Parameters& parameters() { return parameters_; }
  const nn::Tape& tape() const { return tape_; }

 private:
  nn::Parameters parameters_;  // V alone
  nn::Tape tape_;
  nn::Tensor below_, step_, low_, high_, weight_;  // rows x columns
  nn::Tensor gram_;                                // mean of x xᵀ
  std::vector<double> down_, up_;
};

// Sum over entries of 1 - |2 h - 1|^beta (Nagel et al. 2020, eq. 24) -> scalar.
nn::Var indecision(nn::Var h, double beta);

}  // namespace assay::quantizers
