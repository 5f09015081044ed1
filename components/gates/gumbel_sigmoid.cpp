// Binary concrete gates: in training g = sigmoid((a + log u - log(1 - u)) / T) with u uniform,
// which as T falls becomes a draw that is 1 with probability sigmoid(a); T falls exponentially.
// With `hard` training too sees 0 and 1, with the gradient of g (straight-through Gumbel). In
// evaluation g = sigmoid(a), or by default the likelier of 0 and 1.
#include "components/gates/logit_gate.h"

namespace assay::gates {
namespace {

struct GumbelSigmoid final : TemperedGate {
  static constexpr Info kInfo{"gumbel-sigmoid", 1, "Relaxed Bernoulli gate (binary concrete).",
                              "Jang et al. 2017, arXiv:1611.01144; Maddison et al. 2017, "
                              "arXiv:1611.00712, appendix B",
                              true};
  GumbelSigmoid() {
    final_temperature = 0.5F;  // Jang et al., section 4.2
    anneal = Anneal::kExponential;
    harden = true;
  }
  bool hard = false;

  static void params(Params<GumbelSigmoid>& p) {
    temperature_params(p);
    p.add("hard", &GumbelSigmoid::hard)
        .doc("Rounds in training too, gradients passing straight through.");
    logit_params(p);
    input_params(p);
    budget_params(p);
    harden_params(p);
  }

 protected:
  nn::Var values(nn::Forward& pass, std::string_view name, nn::Var a) const override {
    if (!pass.training()) return nn::sigmoid(a);
    const nn::Var noise = logistic_noise(pass.tape(), a.shape(), pass.stream(name));
    const nn::Var soft = nn::sigmoid(nn::scale(nn::add(a, noise), 1.0 / now(pass)));
    return hard ? nn::straight_through(step(soft), soft) : soft;
  }
  nn::Var openness(nn::Var a, nn::Var /*values*/) const override { return nn::sigmoid(a); }
};
ASSAY_REGISTER(Gate, GumbelSigmoid);

}  // namespace
}  // namespace assay::gates
