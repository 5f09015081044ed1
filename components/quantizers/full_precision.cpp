// Leaves weights as they are, 32 bits each: what a pipeline is without its quantizer, the neutral
// element of an ablation.
#include "components/quantizers/quantizer.h"
#include "runner/registry/registry.h"

namespace assay::quantizers {
namespace {

struct FullPrecision final : Quantizer {
  static constexpr Info kInfo{"full-precision", 1, "Leaves weights as they are."};
  void quantize(TrainedModel& /*model*/, const Examples& /*calibration*/,
                Stream /*stream*/) const override {}
};
ASSAY_REGISTER(Quantizer, FullPrecision);

}  // namespace
}  // namespace assay::quantizers
