// Removes nothing: what a pipeline is without its pruner, the neutral element of an ablation.
#include "components/pruners/pruner.h"
#include "runner/registry/registry.h"

namespace assay::pruners {
namespace {

struct Dense final : Pruner {
  static constexpr Info kInfo{"dense", 1, "Removes nothing."};
  void prune(TrainedModel& /*model*/, const Examples& /*calibration*/,
             Stream /*stream*/) const override {}
};
ASSAY_REGISTER(Pruner, Dense);

}  // namespace
}  // namespace assay::pruners
