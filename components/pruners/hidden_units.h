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
// by trial: every unit has a number, and for each of its bits there are two passes in which random
// numbers take the place of the layers' activations, but 0 where the bit is 0, or where it is 1. A
// column that is 0 in exactly one of each two spells the number of the unit that it reads alone.
// That holds across pooling, patches of images and products of two layers, whatever the model. A
// column that fewer than 16 rows reach is left out. The other factor of a gated layer ("x.linear"
// beside "x.up") loses its rows too. Where a removed unit would still be heard, because its
// activation is not 0 at 0, the model's outputs change by that.
std::vector<HiddenUnit> hidden_units(TrainedModel& model, const LayerChoice& choice,
                                     const Examples& examples);

}  // namespace assay
