// Hard-concrete gates (Louizos, Welling and Kingma 2018): in training, with u uniform,
//   s = sigmoid((log u - log(1 - u) + a) / beta),  g = clamp(s (zeta - gamma) + gamma, 0, 1);
// in evaluation g = clamp(sigmoid(a) (zeta - gamma) + gamma, 0, 1). The penalty is the expected
// share of open gates, mean_j sigmoid(a_j - beta log(-gamma / zeta)) (eq. 12), times `penalty`.
#include <cmath>

#include "components/gates/gate.h"
#include "runner/registry/registry.h"

namespace assay::gates {
namespace {

struct HardConcrete final : Gate {
  static constexpr Info kInfo{"hard-concrete", 1, "Hard-concrete gate with an L0 penalty.",
                              "Louizos et al. 2018, arXiv:1712.01312, eq. 10-13", true};
  float penalty = 0.1F;
  float beta = 2.0F / 3.0F;
  float gamma = -0.1F;
  float zeta = 1.1F;
  float start = 2.0F;

  static void params(Params<HardConcrete>& p) {
    p.add("penalty", &HardConcrete::penalty)
        .at_least(0)
        .doc("Weight of the expected share of open gates.");
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
    p.add("start", &HardConcrete::start).range(-20, 20).doc("Value of a before training.");
  }
  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& /*init*/) const override {
    out.add(nn::Name(name, ".log_alpha"), nn::Tensor::full({features}, start), nn::Role::kGate);
  }
  nn::Var apply(nn::Forward& pass, std::string_view name, nn::Var x) const override {
    const nn::Var a = pass.parameter(nn::Name(name, ".log_alpha"));
    nn::Var s = nn::sigmoid(a);
    if (pass.training()) {
      Stream stream = pass.stream(name);
      const nn::Var noise = pass.tape().constant(a.shape(), [&](nn::Tensor& out) {
        for (std::int64_t i = 0; i < out.count(); ++i) {
          const double u = stream.uniform(1e-6, 1.0 - 1e-6);
          out.set(i, std::log(u) - std::log1p(-u));
        }
      });
      s = nn::sigmoid(nn::scale(nn::add(a, noise), 1.0 / beta));
    }
    const nn::Var gate = nn::clamp(nn::shift(nn::scale(s, zeta - gamma), gamma), 0.0, 1.0);
    const double offset = beta * std::log(-gamma / zeta);
    if (penalty > 0)
      pass.add_loss(nn::Name(name, ".l0"),
                    nn::scale(nn::mean(nn::sigmoid(nn::shift(a, -offset))), penalty));
    pass.add_statistic(nn::Name(name, ".open"), pass.tape().value(gate));
    return nn::multiply_row(x, gate);
  }
};
ASSAY_REGISTER(Gate, HardConcrete);

}  // namespace
}  // namespace assay::gates
