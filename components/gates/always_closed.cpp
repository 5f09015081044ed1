// Nothing passes: what lies behind such a gate sees zeros.
#include "components/gates/gate.h"
#include "runner/registry/registry.h"

namespace assay::gates {
namespace {

struct AlwaysClosed final : Gate {
  static constexpr Info kInfo{"always-closed", 1, "Lets nothing through."};
  void declare(nn::Parameters& /*out*/, std::string_view /*name*/, int /*features*/,
               const Stream& /*init*/) const override {}
  nn::Var apply(nn::Forward& pass, std::string_view name, nn::Var x) const override {
    pass.statistic(nn::Name(name, ".open"), {x.shape().back()}).fill(0.0);
    return nn::scale(x, 0.0);
  }
};
ASSAY_REGISTER(Gate, AlwaysClosed);

}  // namespace
}  // namespace assay::gates
