#pragma once

#include <functional>
#include <span>

#include "components/quantizers/quantizer.h"

namespace assay::quantizers {

// A change of the space of a layer's inputs: W x = (W A) (A⁻¹ x). Each works on one row of numbers
// in place: a row of the weight by `weights` (times A) and `undo` (times A⁻¹), an input by `inputs`
// (A⁻¹ x).
struct InputTransform {
  using OnRow = std::function<void(std::span<double> row)>;
  OnRow weights, inputs, undo;
  bool keeps_zeros = false;  // so that pruned weights are 0 in the other space too
};

// Replaces the weight by Q(W A) A⁻¹, `inner` seeing a layer of its own with the weight W A and the
// inputs A⁻¹ x. Its bits become those that `inner` states. `x`: inputs of the layer, rows x
// columns; empty where it has none.
void quantize_transformed(nn::Parameter& weight, const nn::Tensor& x, const Quantizer& inner,
                          const InputTransform& transform, const Stream& stream);

}  // namespace assay::quantizers
