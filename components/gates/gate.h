#pragma once

#include <string>

#include "components/nn/forward.h"
#include "runner/registry/component.h"

namespace assay {

// Scales features by values in [0, 1], one learnt gate for each feature. A gate sits in a slot of a
// model under a name; its parameters are "<name>.…" with Role::kGate.
class Gate : public Component {
 public:
  static constexpr std::string_view kKind = "gate";
  virtual void declare(nn::Parameters& out, std::string_view name, int features,
                       const Stream& init) const = 0;
  // x: n x features -> gated x. In training it may draw noise from pass.stream(name) and add its
  // penalty by pass.add_loss; in evaluation it is deterministic. Adds the statistic "<name>.open"
  // (features): each gate's value.
  virtual nn::Var apply(nn::Forward& pass, std::string_view name, nn::Var x) const = 0;
};

}  // namespace assay
