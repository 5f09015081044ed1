// One gate for each feature: g = sigmoid(a / T), with a learnt. With `sparsity` it adds the mean
// gate value times that weight to the loss.
#include "components/gates/gate.h"
#include "runner/registry/registry.h"

namespace assay::gates {
namespace {

struct Sigmoid final : Gate {
  static constexpr Info kInfo{"sigmoid", 1, "Sigmoid gate for each feature.",
                              "Hochreiter and Schmidhuber 1997 (multiplicative gates)"};
  float temperature = 1.0F;
  float start = 2.0F;
  float sparsity = 0.0F;

  static void params(Params<Sigmoid>& p) {
    p.add("temperature", &Sigmoid::temperature).above(0).doc("T; smaller is harder.");
    p.add("start", &Sigmoid::start).range(-20, 20).doc("Value of a before training.");
    p.add("sparsity", &Sigmoid::sparsity)
        .at_least(0)
        .doc("Weight of the mean gate value in the loss.");
  }
  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& /*init*/) const override {
    out.add(nn::Name(name, ".logit"), nn::Tensor::full({features}, start), nn::Role::kGate);
  }
  nn::Var apply(nn::Forward& pass, std::string_view name, nn::Var x) const override {
    const nn::Var gate =
        nn::sigmoid(nn::scale(pass.parameter(nn::Name(name, ".logit")), 1.0 / temperature));
    if (sparsity > 0)
      pass.add_loss(nn::Name(name, ".sparsity"), nn::scale(nn::mean(gate), sparsity));
    pass.add_statistic(nn::Name(name, ".open"), pass.tape().value(gate));
    return nn::multiply_row(x, gate);
  }
};
ASSAY_REGISTER(Gate, Sigmoid);

}  // namespace
}  // namespace assay::gates
