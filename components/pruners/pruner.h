#pragma once

#include "components/models/model.h"

namespace assay {

// Removes weights from a trained model: sets masks of parameters with Role::kWeight, of the biases
// of units that go whole (Role::kBias) and of what a router has for experts that go
// (Role::kRouter), and zeroes what they remove. Never revives an entry that an earlier mask
// removed.
class Pruner : public Component {
 public:
  static constexpr std::string_view kKind = "pruner";
  static constexpr std::string_view kNeutral = "dense";
  // `calibration`: training examples that a data-aware method may run through the model.
  virtual void prune(TrainedModel& model, const Examples& calibration, Stream stream) const = 0;
  // Whether weights that stay get other values, to make up for those that go.
  virtual bool updates_kept() const { return false; }
  // Whether biases that stay get other values: a constant in place of what a unit gave.
  virtual bool updates_biases() const { return false; }
};

// The same pruner with another value of one of its parameters.
std::shared_ptr<const Pruner> with(const Pruner& pruner, std::string_view parameter, Value value);

}  // namespace assay
