#pragma once

#include <string>

#include "components/nn/forward.h"
#include "runner/registry/component.h"

namespace assay {

// Mixes information across the positions of a sequence: attention, convolution, recurrence.
class Mixer : public Component {
 public:
  static constexpr std::string_view kKind = "mixer";
  virtual void declare(nn::Parameters& out, const std::string& name, int features,
                       const Stream& init) const = 0;
  // Whether a position sees none after it, as the prediction of a next token needs.
  virtual bool causal() const = 0;
  // x: batch x length x features -> same shape.
  virtual nn::Var mix(nn::Forward& pass, const std::string& name, nn::Var x) const = 0;
};

}  // namespace assay
