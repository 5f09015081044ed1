#pragma once

#include <string>

#include "components/nn/forward.h"
#include "components/nn/key_value_cache.h"
#include "runner/registry/component.h"

namespace assay {

// Mixes information across the positions of a sequence: attention, convolution, recurrence.
class Mixer : public Component {
 public:
  static constexpr std::string_view kKind = "mixer";
  static constexpr std::string_view kNeutral = "token-shift";
  virtual void declare(nn::Parameters& out, std::string_view name, int features,
                       const Stream& init) const = 0;
  // Whether a position sees none after it, as the prediction of a next token needs.
  virtual bool causal() const = 0;
  // x: (batch * length) x features, the positions of a sequence together -> same shape. With
  // pass.cache(), x holds the positions that follow those seen before; a mixer that cannot go on
  // from there says so by incremental().
  virtual nn::Var mix(nn::Forward& pass, std::string_view name, nn::Var x, int length) const = 0;
  virtual bool incremental() const { return false; }
  // Multiply-adds for a sequence besides those of its weights.
  virtual double multiply_adds(int /*length*/, int /*features*/) const { return 0.0; }
};

}  // namespace assay
