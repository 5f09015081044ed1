#pragma once

#include "components/models/model.h"

namespace assay {

// Replaces the weights of a trained model by values of a small set and states the bits that storing
// them takes (Parameter::bits, scales and zero points included). Pruned entries stay exactly 0.
class Quantizer : public Component {
 public:
  static constexpr std::string_view kKind = "quantizer";
  static constexpr std::string_view kNeutral = "full-precision";
  virtual void quantize(TrainedModel& model, const Examples& calibration, Stream stream) const = 0;
  // Whether what it gave stays as it is when it is quantized again: levels depend on weights alone,
  // and in such a way that weights on levels find them again.
  virtual bool idempotent() const { return true; }
};

}  // namespace assay
