#pragma once

#include "components/pruners/layer_choice.h"
#include "components/pruners/pruner.h"

namespace assay {

// For each parameter, a number for each entry: what losing it would cost.
using Scores = std::vector<std::vector<double>>;

// A pruner of single weights: those of lowest score go, in the whole model, in each layer, in each
// row (the weights of one output), or so that n of each m consecutive inputs stay.
class ScorePruner : public Pruner, public LayerChoice {
 public:
  enum class Scope { kGlobal, kLayer, kRow };
  double sparsity = 0.5;
  Scope scope = Scope::kGlobal;
  int n = 2;
  int m = 0;

  template <class T>
  static void params(Params<T>& p) {
    p.add("sparsity", &T::sparsity).range(0, 1).doc("Fraction of the weights that goes.");
    p.add("scope", &T::scope, {"global", "layer", "row"}).doc("Where weights compete.");
    p.add("n", &T::n)
        .range(0, 1024)
        .unit("weights")
        .doc("Kept of each m consecutive inputs of an output.")
        .source("Mishra et al. 2021, arXiv:2104.08378 (2:4)")
        .since(2);
    p.add("m", &T::m)
        .range(0, 1024)
        .unit("weights")
        .doc("In a group of which n stay, whatever the sparsity; 0: no groups.")
        .since(2);
    LayerChoice::params(p);
  }
  std::string check() const override;
  void prune(TrainedModel& model, const Examples& calibration, Stream stream) const final;

 protected:
  virtual Scores scores(const TrainedModel& model, const std::vector<nn::Parameter*>& parameters,
                        const Examples& calibration, Stream stream) const = 0;
};

// f(parameter, index) for each entry of each parameter.
template <class Score>
Scores score_entries(const std::vector<nn::Parameter*>& parameters, const Score& score) {
  Scores out;
  for (const nn::Parameter* p : parameters) {
    auto& entries = out.emplace_back(static_cast<std::size_t>(p->value.count()));
    for (std::size_t i = 0; i < entries.size(); ++i)
      entries[i] = score(*p, static_cast<std::int64_t>(i));
  }
  return out;
}

}  // namespace assay
