// One gate for each feature: g = sigmoid(a / T), with a learnt. T may fall during training, which
// drives the gates to 0 or 1: with T from 1 to 1/200, exponentially, this is the continuous
// sparsification of Savarese, Silva and Maire 2020 (arXiv:1912.04427, section 3).
#include "components/gates/logit_gate.h"

namespace assay::gates {
namespace {

struct Sigmoid final : TemperedGate {
  static constexpr Info kInfo{"sigmoid", 1, "Sigmoid gate for each feature.",
                              "Hochreiter and Schmidhuber 1997 (multiplicative gates)"};
  static void params(Params<Sigmoid>& p) {
    temperature_params(p);
    logit_params(p);
    budget_params(p);
    harden_params(p);
  }

 protected:
  nn::Var values(nn::Forward& pass, std::string_view /*name*/, nn::Var a) const override {
    return nn::sigmoid(nn::scale(a, 1.0 / now(pass)));
  }
};
ASSAY_REGISTER(Gate, Sigmoid);

}  // namespace
}  // namespace assay::gates
