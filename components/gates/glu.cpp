// The gate of a gated linear unit, which depends on the input: g = sigmoid(W x + b), so that x
// turns into x * sigmoid(W x + b) (Dauphin et al. 2017, eq. 1, whose ungated half is the layer
// before). Members of the family whose gate leaves [0, 1] are layers of their own: the transformer
// has feed_forward = "swiglu".
#include "components/gates/logit_gate.h"

namespace assay::gates {
namespace {

struct Glu final : LogitGate {
  enum class Curve { kSigmoid, kHardSigmoid };
  static constexpr Info kInfo{"glu", 1, "Sigmoid of a linear map of the input.",
                              "Dauphin et al. 2017, arXiv:1612.08083, eq. 1"};
  Glu() {
    start = 0.0F;
    by_input = true;
  }
  Curve curve = Curve::kSigmoid;

  static void params(Params<Glu>& p) {
    p.add("curve", &Glu::curve, {"sigmoid", "hard-sigmoid"})
        .doc("Of W x + b; the second is max(0, min(1, (a + 1) / 2)).");
    logit_params(p);
    budget_params(p);
    harden_params(p);
  }

 protected:
  nn::Var values(nn::Forward& /*pass*/, std::string_view /*name*/, nn::Var a) const override {
    return curve == Curve::kSigmoid ? nn::sigmoid(a) : hard_sigmoid(a);
  }
};
ASSAY_REGISTER(Gate, Glu);

}  // namespace
}  // namespace assay::gates
