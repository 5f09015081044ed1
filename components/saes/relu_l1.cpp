// z = relu(W (x - b) + c), x' = D' z + b, loss = mean |x - x'|² + l1 * mean sum_i z_i, the rows of
// D (directions of the latents) kept at unit norm after every step. Bricken et al. 2023.
#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

struct ReluL1 final : Sae {
  static constexpr Info kInfo{"relu-l1", 1, "ReLU encoder with an L1 penalty.",
                              "Bricken et al. 2023, Towards Monosemanticity"};
  static constexpr std::string_view kExample = "latents = 12";
  int latents_count = 128;
  float l1 = 0.1F;

  static void params(Params<ReluL1>& p) {
    p.add("latents", &ReluL1::latents_count)
        .range(1, 1 << 20)
        .unit("latents")
        .doc("Size of the code.");
    p.add("l1", &ReluL1::l1).at_least(0).doc("Weight of the L1 norm of the code.");
  }
  int latents(int /*features*/) const override { return latents_count; }
  void declare(nn::Parameters& out, int features, const Stream& init) const override {
    declare_sae(out, features, latents_count, init);
  }
  nn::Var encode(nn::Forward& pass, nn::Var x) const override {
    return nn::relu(pre_activations(pass, x));
  }
  nn::Var decode(nn::Forward& pass, nn::Var code) const override {
    return decode_linear(pass, code);
  }
  nn::Var loss(nn::Forward& pass, nn::Var x) const override {
    const nn::Var code = encode(pass, x);
    const double per_example = 1.0 / x.shape()[0];
    const nn::Var error =
        nn::scale(nn::sum(nn::square(nn::subtract(decode(pass, code), x))), per_example);
    return nn::add(error, nn::scale(nn::sum(code), l1 * per_example));
  }
  void after_step(nn::Parameters& parameters) const override { unit_decoder(parameters); }
};
ASSAY_REGISTER(Sae, ReluL1);

}  // namespace
}  // namespace assay::saes
