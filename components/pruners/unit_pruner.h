#pragma once

#include <string>
#include <vector>

#include "components/pruners/layer_choice.h"
#include "components/pruners/pruner.h"

namespace assay {

// A rectangle of a parameter's matrix (outputs x inputs); a bias is a column.
struct Piece {
  nn::Parameter* parameter = nullptr;
  int row = 0, rows = 0;
  int column = 0, columns = 0;
};
// Columns of a weight, and rows of a layer: of its weight and, where it has one, its bias.
Piece columns_of(nn::Parameter& weight, int first, int count);
void add_rows(std::vector<Piece>& pieces, nn::Parameters& parameters, const std::string& layer,
              int first, int count);
// All weights and biases whose names begin with this.
std::vector<Piece> all_of(nn::Parameters& parameters, const std::string& prefix);
// Whether masks removed them all.
bool gone(const std::vector<Piece>& pieces);
// sqrt(sum w²), or sum |w|, over pieces.
double norm(const std::vector<Piece>& pieces, bool absolute = false);

// A part of a network that goes as a whole: a neuron, a head, a filter, a block, an expert.
struct Unit {
  std::string group;  // the layer that it is one of
  double score = 0.0;
  std::vector<Piece> pieces;
  nn::Parameter* stays = nullptr;     // a bias that is none of the pieces, where one is to give
  std::vector<double> constant = {};  // these numbers once the unit is gone
};

// A pruner of units: those of lowest score go, in each layer or in the whole model. Ties go to the
// lower unit. Units that are gone count as removed.
class UnitPruner : public Pruner, public LayerChoice {
 public:
  enum class Scope { kLayer, kGlobal };
  double fraction = 0.5;
  Scope scope = Scope::kLayer;

  template <class T>
  static void params(Params<T>& p) {
    p.add("fraction", &T::fraction).range(0, 1).doc("Of the units that goes.");
    p.add("scope", &T::scope, {"layer", "global"}).doc("Where units compete.");
    LayerChoice::params(p);
  }
  void prune(TrainedModel& model, const Examples& calibration, Stream stream) const final;

 protected:
  // The units of chosen layers, with their scores. Throws std::runtime_error where the model has
  // none of the kind.
  virtual std::vector<Unit> units(TrainedModel& model, const Examples& calibration,
                                  Stream stream) const = 0;
};

}  // namespace assay
