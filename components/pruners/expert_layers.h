#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "components/pruners/unit_pruner.h"

// What pruners of experts share.
namespace assay {

struct ExpertLayer {
  std::string name;  // "block1.experts"
  std::vector<std::vector<Piece>> experts;
};
// Those that are chosen. Throws std::runtime_error, "<pruner>: the model has none", where there is
// none to choose from.
std::vector<ExpertLayer> expert_layers(TrainedModel& model, const LayerChoice& choice,
                                       std::string_view pruner);

// Adds to the pieces of expert e what its router has for it alone, so that the router chooses among
// the others. Throws std::runtime_error where there is no such row.
void add_router_row(std::vector<Piece>& pieces, TrainedModel& model, const ExpertLayer& layer,
                    int e);

// What an expert f did on the rows that it computed.
struct ExpertUse {
  double rows = 0.0;
  double weight = 0.0;               // sum of its weights g
  double weighted_norm = 0.0;        // sum of g ||f(x)||_2
  std::vector<double> sum, squares;  // of f(x), feature by feature; empty where it computed none

  void add(std::span<const double> f, double g);
  std::vector<double> mean() const;
  double variance() const;  // of f(x), summed over features
};
struct LayerUse {
  double rows = 0.0;  // of the layer
  std::vector<ExpertUse> experts;
};
// For each of these layers. Throws std::runtime_error, "<pruner>: block1.router sends no rows",
// where a router mixes them instead.
std::vector<LayerUse> expert_uses(const TrainedModel& model, const Examples& examples,
                                  const std::vector<ExpertLayer>& layers, std::string_view pruner);

// A pruner whose units are experts, judged by what they did on the calibration examples.
class ExpertPruner : public UnitPruner {
 protected:
  // `rows`: of the layer.
  virtual double worth(const ExpertUse& use, double rows) const = 0;
  // What goes besides expert e, or stays in its place.
  virtual void adapt(Unit& unit, TrainedModel& model, const ExpertLayer& layer, int e,
                     const ExpertUse& use) const = 0;
  std::vector<Unit> units(TrainedModel& model, const Examples& calibration,
                          Stream stream) const final;
};

}  // namespace assay
