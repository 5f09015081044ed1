#include "components/pruners/pruner.h"

namespace assay {

std::shared_ptr<const Pruner> with(const Pruner& pruner, std::string_view parameter, Value value) {
  Value config = pruner.config();
  config.set(parameter, std::move(value));
  return Registry::global().build<Pruner>(config);
}

}  // namespace assay
