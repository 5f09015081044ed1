// Adam; weight decay enters the gradient.
#include "components/optimizers/adam.h"

namespace assay::optimizers {
namespace {

struct Adam final : AdamBase {
  static constexpr Info kInfo{"adam", 1, "Adam; weight decay enters the gradient.",
                              "Kingma and Ba 2015, arXiv:1412.6980, algorithm 1"};

  static void params(Params<Adam>& p) { adam_params(p); }
  bool decoupled() const override { return false; }
};
ASSAY_REGISTER(Optimizer, Adam);

}  // namespace
}  // namespace assay::optimizers
