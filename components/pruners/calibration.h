#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "components/models/model.h"

namespace assay {

// Shows the input (rows x inputs) of each layer, batch by batch, in the order of the forward pass.
void see_inputs(const TrainedModel& model, const Examples& examples,
                const std::function<void(std::string_view layer, const nn::Tensor& x)>& see);

// Sum over rows of x_j², by the name of the layer; a layer that no example reaches is not there.
std::map<std::string, std::vector<double>, std::less<>> input_squares(const TrainedModel& model,
                                                                      const Examples& examples);

// |W_ij| ||x_j||_2 for each weight (Sun et al. 2023, eq. 1); |W_ij| in a layer that no example
// reaches.
std::vector<std::vector<double>> scores_by_input(const TrainedModel& model,
                                                 const std::vector<nn::Parameter*>& parameters,
                                                 const Examples& examples);

}  // namespace assay
