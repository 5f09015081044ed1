#pragma once

#include "components/models/model.h"

namespace assay {

// By how much the loss of each example of the batch counts; empty where all count alike. A training
// leaves it in the pass, from what its selector says.
struct ExampleWeights {
  std::vector<double> each;
};

// What training minimises.
class Objective : public Component {
 public:
  static constexpr std::string_view kKind = "objective";
  static constexpr std::string_view kNeutral = "cross-entropy";
  // What it remembers from step to step of each of the training examples, as it begins: examples x
  // anything; empty for most. loss() finds it as pass.memory() and may change the rows that
  // batch.rows names.
  virtual nn::Tensor memory(const DataFormat& /*format*/, int /*examples*/) const { return {}; }
  // Whether loss() is a mean over examples, each times its weight where the pass holds
  // ExampleWeights. Those that say no would not look at them, and trainings refuse to weigh them.
  virtual bool weighs() const { return false; }
  // Runs the model on the batch and gives the mean loss, auxiliary losses of the pass not included.
  virtual nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
                       const Examples& batch) const = 0;
};

}  // namespace assay
