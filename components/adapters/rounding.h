#pragma once

#include "components/adapters/adapter.h"

namespace assay::adapters {

// s clamp(round(x / s), low, high), s the size of `step` (one number), low and high whole numbers.
// Gradients stand in for derivatives (Esser et al. 2019, eq. 3 and 5): that of x passes where low <
// x / s < high; that of the step is, for each number, round(x / s) - x / s there, low below and
// high above, times `gradient_scale`.
nn::Var fake_quantize(nn::Var x, nn::Var step, double low, double high, double gradient_scale);

// Sees the values at every site of a model whose name ends in `ending`, under the name without it.
void see_sites(const TrainedModel& model, const Examples& examples, std::string_view ending,
               const std::function<void(std::string_view layer, const nn::Tensor& value)>& see);

// Whether a number that calibrate() sets has been set. Until then, at 0, an adapter leaves the
// model as it is, and throws std::runtime_error where it is to be trained like that.
bool in_force(const Attachment& at, const nn::Parameter& number);

}  // namespace assay::adapters
