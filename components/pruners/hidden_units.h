#pragma once

#include <string>
#include <vector>

#include "components/pruners/unit_pruner.h"

namespace assay {

// A unit of a hidden layer: what comes in (the rows of its layer) and what goes out (the columns of
// weights elsewhere that read it and nothing else).
struct HiddenUnit {
  std::string layer;
  int index = 0;
  std::vector<Piece> incoming, outgoing;
};

// The units of the chosen layers with an activation that examples reach. Who reads a unit is found
// by trial: random numbers take the place of the layer's activations, half of the units are set to
// 0 in each of 2 log2(units) passes, and a column belongs to the unit whose halves it is 0 in. A
// column that fewer than 16 rows reach is left out. That holds across pooling, patches of images
// and products of two layers, whatever the model. The other factor of a gated layer ("x.linear"
// beside "x.up") loses its rows too. Where a removed unit would still be heard, because its
// activation is not 0 at 0, the model's outputs change by that.
std::vector<HiddenUnit> hidden_units(TrainedModel& model, const LayerChoice& choice,
                                     const Examples& examples);

}  // namespace assay
