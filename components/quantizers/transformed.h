#pragma once

#include <functional>
#include <span>
#include <vector>

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
// The same with A = diag(scales), whose 16 bits for each column count.
void quantize_scaled(nn::Parameter& weight, const nn::Tensor& x, const Quantizer& inner,
                     const std::vector<double>& scales, const Stream& stream);
// The same with A = 1: Q(W) by a quantizer that sees this layer alone.
void quantize_alone(nn::Parameter& weight, const nn::Tensor& x, const Quantizer& inner,
                    const Stream& stream);
// The largest magnitude in each column.
std::vector<double> largest_of_columns(const nn::Tensor& t, int columns);

}  // namespace assay::quantizers
