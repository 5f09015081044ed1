// g = s / (1 + s) with s = log(1 + e^a): a positive weight s against that of a closed gate, 1. The
// sigmoid is the same with s = e^a, and 1 - exp(-s) is the sigmoid itself; this one opens as 1 / a
// rather than as e^-a, so that an open gate still has a gradient. s alone would exceed 1.
#include "components/gates/logit_gate.h"

namespace assay::gates {
namespace {

struct Softplus final : LogitGate {
  static constexpr Info kInfo{"softplus", 1, "Gate that approaches 1 slowly, by a softplus.",
                              "Dugas et al. 2001 (softplus)"};
  Softplus() { start = 7.0F; }

  static void params(Params<Softplus>& p) {
    logit_params(p);
    budget_params(p);
    harden_params(p);
  }

 protected:
  nn::Var values(nn::Forward& /*pass*/, std::string_view /*name*/, nn::Var a) const override {
    const nn::Var closed = nn::exp(nn::scale(nn::log(nn::shift(nn::softplus(a), 1.0)), -1.0));
    return nn::clamp(nn::shift(nn::scale(closed, -1.0), 1.0), 0.0, 1.0);  // rounding aside
  }
};
ASSAY_REGISTER(Gate, Softplus);

}  // namespace
}  // namespace assay::gates
