#pragma once

#include <string_view>

#include "components/nn/forward.h"

namespace assay {

// Slots that compete for the rows of an input (Locatello et al. 2020, arXiv:2006.15055, algorithm
// 1). It sits in a model under a name; its parameters are "<name>.…".
struct SlotAttention {
  int slots = 4;
  int iterations = 3;
  int width = 32;   // of a slot
  int hidden = 64;  // of the residual perceptron

  void declare(nn::Parameters& out, std::string_view name, int inputs, const Stream& init) const;
  // x: (batch * rows) x inputs -> (batch * slots) x width. In training the first slots are drawn
  // from pass.stream(name); in evaluation they are the same draw for every example.
  nn::Var apply(nn::Forward& pass, std::string_view name, nn::Var x, int batch) const;
};

}  // namespace assay
