#pragma once

#include <functional>
#include <vector>

#include "components/nn/forward.h"

namespace assay::nn {

// A training loss: a scalar of a pass. It must draw its random numbers from the pass alone.
using LossOf = std::function<Var(Forward&)>;

// Gradients by every parameter, in the order of `parameters`; zeros where the loss does not depend
// on one.
std::vector<Tensor> gradients(const Parameters& parameters, const LossOf& loss,
                              Stream stream = Stream(0));

// The gradient of each example's own loss: entry i is that of loss_of(pass, i), a pass of its own.
std::vector<std::vector<Tensor>> per_sample_gradients(
    const Parameters& parameters, int count, const std::function<Var(Forward&, int)>& loss_of,
    Stream stream = Stream(0));

// H v for the Hessian H of the loss at `parameters` and directions v (one for each parameter, of
// its shape), by central differences of the gradient in double along v / |v|: (g(p + h u) - g(p - h
// u)) |v| / 2h with h = 1e-4. Its error is that of the third derivative times h² / 6, about 1e-8
// for losses of order one; at a kink (ReLU) it is the mean slope across it. Two passes.
std::vector<Tensor> hessian_vector_product(const Parameters& parameters, const LossOf& loss,
                                           const std::vector<Tensor>& v, Stream stream = Stream(0));

}  // namespace assay::nn
