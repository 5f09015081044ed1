// x as it is: what a model is without its gates, the neutral element of an ablation.
#include "components/gates/gate.h"
#include "runner/registry/registry.h"

namespace assay::gates {
namespace {

struct AlwaysOpen final : Gate {
  static constexpr Info kInfo{"always-open", 1, "Lets everything through."};
  void declare(nn::Parameters& /*out*/, std::string_view /*name*/, int /*features*/,
               const Stream& /*init*/) const override {}
  nn::Var apply(nn::Forward& pass, std::string_view name, nn::Var x) const override {
    pass.statistic(nn::Name(name, ".open"), {x.shape().back()}).fill(1.0);
    return x;
  }
};
ASSAY_REGISTER(Gate, AlwaysOpen);

}  // namespace
}  // namespace assay::gates
