// Binary gates with a gradient that stands in: g is 1 with probability sigmoid(a) in training, or
// where sigmoid(a) exceeds one half; its gradient is taken to be that of sigmoid(a), or of a itself
// (the two forms of Bengio, Léonard and Courville 2013, section 4). Deterministic in evaluation.
#include "components/gates/logit_gate.h"

namespace assay::gates {
namespace {

struct StraightThrough final : LogitGate {
  enum class Gradient { kSigmoid, kIdentity };
  static constexpr Info kInfo{"straight-through", 1,
                              "Binary gate, its gradient passed straight through.",
                              "Bengio et al. 2013, arXiv:1308.3432, section 4", true};
  static constexpr bool kSurrogate = true;
  bool stochastic = true;
  Gradient gradient = Gradient::kSigmoid;

  static void params(Params<StraightThrough>& p) {
    p.add("stochastic", &StraightThrough::stochastic)
        .doc("Draws gates in training rather than thresholding them.");
    p.add("gradient", &StraightThrough::gradient, {"sigmoid", "identity"})
        .doc("What the step's gradient is taken to be.");
    logit_params(p);
    input_params(p);
    budget_params(p);
  }

 protected:
  nn::Var values(nn::Forward& pass, std::string_view name, nn::Var a) const override {
    const nn::Var p = nn::sigmoid(a);
    const bool draw = stochastic && pass.training();
    const nn::Var hard = draw ? bernoulli(p, pass.stream(name)) : step(p);
    return nn::straight_through(hard, gradient == Gradient::kSigmoid ? p : a);
  }
  nn::Var openness(nn::Var a, nn::Var /*values*/) const override { return nn::sigmoid(a); }
};
ASSAY_REGISTER(Gate, StraightThrough);

}  // namespace
}  // namespace assay::gates
