// Adam with decoupled weight decay.
#include "components/optimizers/adam.h"

namespace assay::optimizers {
namespace {

struct AdamW final : AdamBase {
  static constexpr Info kInfo{"adamw", 1, "Adam with decoupled weight decay.",
                              "Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2"};
  AdamW() { weight_decay = 0.01F; }

  static void params(Params<AdamW>& p) { adam_params(p); }
  bool decoupled() const override { return true; }
};
ASSAY_REGISTER(Optimizer, AdamW);

}  // namespace
}  // namespace assay::optimizers
