// Binary gates whose stand-in gradient sharpens: g is 1 where sigmoid(s a) exceeds one half, its
// gradient that of sigmoid(s a), and the slope s grows during training. The source has the hard
// sigmoid, whose gradient is 0 outside |a| < 1 / s: a gate that is one learnt number would stay
// there for good, so the default here is the smooth one. Without `hard`, training sees the soft
// value.
#include "components/gates/logit_gate.h"

namespace assay::gates {
namespace {

struct SlopeAnnealing final : LogitGate {
  enum class Curve { kSigmoid, kHardSigmoid };
  static constexpr Info kInfo{"slope-annealing", 1,
                              "Binary gate, the slope of its gradient growing in training.",
                              "Chung et al. 2017, arXiv:1609.01704, section 3.3"};
  static constexpr bool kSurrogate = true;
  SlopeAnnealing() { start = 0.5F; }
  float slope = 1.0F;
  float final_slope = 5.0F;
  Anneal anneal = Anneal::kLinear;
  Curve curve = Curve::kSigmoid;
  bool hard = true;

  static void params(Params<SlopeAnnealing>& p) {
    p.add("slope", &SlopeAnnealing::slope).above(0).doc("s at first.").source("section 4");
    p.add("final_slope", &SlopeAnnealing::final_slope)
        .above(0)
        .doc("s at the end, unless it is constant.")
        .source("section 4");
    p.add("anneal", &SlopeAnnealing::anneal, std::span(kAnnealNames)).doc("How s goes there.");
    p.add("curve", &SlopeAnnealing::curve, {"sigmoid", "hard-sigmoid"})
        .doc("Whose gradient it has; max(0, min(1, (s a + 1) / 2)) in the source.");
    p.add("hard", &SlopeAnnealing::hard).doc("Whether training sees 0 and 1.");
    logit_params(p);
    input_params(p);
    budget_params(p);
  }

 protected:
  nn::Var values(nn::Forward& pass, std::string_view /*name*/, nn::Var a) const override {
    const nn::Var steep = nn::scale(a, annealed(anneal, slope, final_slope, pass.progress()));
    const nn::Var soft = curve == Curve::kSigmoid ? nn::sigmoid(steep) : hard_sigmoid(steep);
    if (pass.training() && !hard) return soft;
    return nn::straight_through(step(soft), soft);
  }
};
ASSAY_REGISTER(Gate, SlopeAnnealing);

}  // namespace
}  // namespace assay::gates
