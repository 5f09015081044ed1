#pragma once

#include <string>

#include "components/nn/forward.h"
#include "runner/registry/component.h"

namespace assay {

// Scales features by values in [0, 1]: one gate for each feature, the same for all examples, or one
// for each number, made from the input. A gate sits in a slot of a model under a name; its
// parameters are "<name>.…", with Role::kGate where gradients change them.
class Gate : public Component {
 public:
  static constexpr std::string_view kKind = "gate";
  static constexpr std::string_view kNeutral = "always-open";
  virtual void declare(nn::Parameters& out, std::string_view name, int features,
                       const Stream& init) const = 0;
  // x: n x features -> gated x. In training it may draw noise from pass.stream(name) and add its
  // penalty by pass.add_loss; in evaluation it is deterministic. Adds the statistic "<name>.open"
  // (features, or n x features where they depend on the input): each gate's value.
  virtual nn::Var apply(nn::Forward& pass, std::string_view name, nn::Var x) const = 0;
};

}  // namespace assay
