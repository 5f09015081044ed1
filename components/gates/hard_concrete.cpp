// Hard-concrete gates (Louizos, Welling and Kingma 2018): in training, with u uniform,
//   s = sigmoid((log u - log(1 - u) + a) / beta),  g = clamp(s (zeta - gamma) + gamma, 0, 1);
// in evaluation g = clamp(sigmoid(a) (zeta - gamma) + gamma, 0, 1). The expected share of open
// gates is mean_j sigmoid(a_j - beta log(-gamma / zeta)) (eq. 12).
#include <cmath>

#include "components/gates/logit_gate.h"

namespace assay::gates {
namespace {

struct HardConcrete final : LogitGate {
  static constexpr Info kInfo{"hard-concrete", 1, "Hard-concrete gate with an L0 penalty.",
                              "Louizos et al. 2018, arXiv:1712.01312, eq. 10-13", true};
  HardConcrete() { penalty = 0.1F; }
  float beta = 2.0F / 3.0F;
  float gamma = -0.1F;
  float zeta = 1.1F;

  static void params(Params<HardConcrete>& p) {
    budget_params(p);
    p.add("beta", &HardConcrete::beta)
        .above(0)
        .at_most(10)
        .doc("Temperature.")
        .source("section 4.1");
    p.add("gamma", &HardConcrete::gamma)
        .range(-10, -1e-6)
        .doc("Lower end of the stretch.")
        .source("section 4.1");
    p.add("zeta", &HardConcrete::zeta)
        .range(1.000001, 10)
        .doc("Upper end of the stretch.")
        .source("section 4.1");
    logit_params(p);
    harden_params(p);
  }

 protected:
  nn::Var values(nn::Forward& pass, std::string_view name, nn::Var a) const override {
    nn::Var s = a;
    if (pass.training()) {
      const nn::Var noise = logistic_noise(pass.tape(), a.shape(), pass.stream(name));
      s = nn::scale(nn::add(a, noise), 1.0 / beta);
    }
    return nn::clamp(nn::shift(nn::scale(nn::sigmoid(s), zeta - gamma), gamma), 0.0, 1.0);
  }
  nn::Var openness(nn::Var a, nn::Var /*values*/) const override {
    return nn::sigmoid(nn::shift(a, -beta * std::log(-gamma / zeta)));
  }
};
ASSAY_REGISTER(Gate, HardConcrete);

}  // namespace
}  // namespace assay::gates
