#pragma once

#include "components/models/model.h"

namespace assay {

// Removes weights from a trained model: sets masks of parameters with Role::kWeight and zeroes what
// they remove. Never revives an entry that an earlier mask removed.
class Pruner : public Component {
 public:
  static constexpr std::string_view kKind = "pruner";
  // `calibration`: training examples that a data-aware method may run through the model.
  virtual void prune(TrainedModel& model, const Examples& calibration, Stream stream) const = 0;
};

}  // namespace assay
