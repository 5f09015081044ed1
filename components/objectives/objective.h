#pragma once

#include "components/models/model.h"

namespace assay {

// What training minimises.
class Objective : public Component {
 public:
  static constexpr std::string_view kKind = "objective";
  static constexpr std::string_view kNeutral = "cross-entropy";
  // What it remembers from step to step of each of the training examples, as it begins: examples x
  // anything; empty for most. loss() finds it as pass.memory() and may change the rows that
  // batch.rows names.
  virtual nn::Tensor memory(const DataFormat& /*format*/, int /*examples*/) const { return {}; }
  // Runs the model on the batch and gives the mean loss, auxiliary losses of the pass not included.
  virtual nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
                       const Examples& batch) const = 0;
};

}  // namespace assay
