#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "components/models/model.h"
#include "components/pruners/second_order.h"

namespace assay::quantizers {

// What a layer of so many inputs reads, of all examples in turn: rows x inputs; empty where no
// example reaches it.
nn::Tensor layer_inputs(const TrainedModel& model, const Examples& examples, std::string_view layer,
                        int inputs);
// Sum over rows of d G dᵀ, for changes d of a weight's rows and the Gram matrix G of its inputs:
// the squared change of all outputs.
double output_error(std::span<const double> change, const Square& gram);

}  // namespace assay::quantizers
