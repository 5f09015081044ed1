#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "components/models/model.h"

namespace assay {

// Which layers a pruner or a quantizer touches, by name: "block1.*", where * stands for any text,
// also none. A component derives from it beside its interface, and declares it by
// LayerChoice::params(p).
struct LayerChoice {
  std::vector<std::string> layers;  // empty: all
  std::vector<std::string> ignore;

  template <class T>
  static void params(Params<T>& p) {
    p.add("layers", &T::layers)
        .doc("Names of layers that it touches, where * stands for any text; empty: all.")
        .since(2);
    p.add("ignore", &T::ignore).doc("Names of layers that it leaves alone.").since(2);
  }
  // Of these names, in their order, those chosen. Throws std::runtime_error where one of `layers`
  // or `ignore` is the name of none.
  std::vector<std::string> choose(const std::vector<std::string>& names) const;
  // The prunable parameters of chosen layers.
  std::vector<nn::Parameter*> prunable(TrainedModel& model) const;
};

}  // namespace assay
