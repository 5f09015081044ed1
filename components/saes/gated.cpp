// Which latents fire, and how strongly, are two questions with shared directions:
// gate = W (x - b) + c, magnitude = exp(r) * W (x - b) + m, z = relu(magnitude) where gate > 0,
// x' = D' z + b; loss = mean |x - x'|² + l1 * mean sum_i relu(gate_i) + mean |x - x''|², where x''
// is rebuilt from relu(gate) by D and b as constants. Rajamanoharan et al. 2024a, eqs. 6 to 8. So
// the penalty, which shrinks, never touches the magnitudes.
#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

struct Gated final : LatentSae {
  static constexpr Info kInfo{"gated", 1, "Gates and magnitudes apart; the L1 penalty on gates.",
                              "Rajamanoharan et al. 2024, arXiv:2404.16014"};
  static constexpr std::string_view kExample = "latents = 12";
  static constexpr bool kSurrogate = true;
  float l1 = 0.1F;
  float warmup = 0.0F;
  bool project = true;

  static void params(Params<Gated>& p) {
    latents_param(p);
    p.add("l1", &Gated::l1)
        .neutral(0.0)
        .at_least(0)
        .doc("Weight of the L1 norm of the gates above 0.");
    p.add("warmup", &Gated::warmup)
        .range(0, 1)
        .doc("Share of the training over which the weight rises from 0.");
    p.add("project", &Gated::project)
        .doc("Whether the decoder's gradient keeps to what leaves the norms of its rows.")
        .source("Bricken et al. 2023");
  }
  void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const override {
    declare_sae(out, format, latents_count, init);
    out.add("magnitude.scale", nn::Tensor({latents_count}), nn::Role::kOther);
    out.add("magnitude.bias", nn::Tensor({latents_count}), nn::Role::kBias);
  }
  nn::Var encode(nn::Forward& pass, nn::Var x) const override {
    return code_of(pass, products(pass, x));
  }
  nn::Var decode(nn::Forward& pass, nn::Var code) const override {
    return decode_linear(pass, code);
  }
  nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const override {
    const nn::Var shared = products(pass, x), gates = nn::relu(gates_of(pass, shared));
    nn::Var directions = pass.parameter("decoder.weight");
    if (project) directions = unit_rows(directions);
    const nn::Var b = pass.parameter("decoder.bias");
    const nn::Var rebuilt = nn::add_row(nn::matmul(code_of(pass, shared), directions), b);
    const nn::Var by_gates =
        nn::add_row(nn::matmul(gates, nn::stop_gradient(directions)), nn::stop_gradient(b));
    const double weight = l1 * warmed_up(pass, warmup) / x.shape()[0];
    return nn::add(nn::add(mean_square(rebuilt, target), mean_square(by_gates, target)),
                   nn::scale(nn::sum(gates), weight));
  }
  void after_step(nn::Parameters& parameters) const override { unit_decoder(parameters); }

 private:
  static nn::Var products(nn::Forward& pass, nn::Var x) {
    return nn::matmul_transposed(centred(pass, x), pass.parameter("encoder.weight"));
  }
  static nn::Var gates_of(nn::Forward& pass, nn::Var shared) {
    return nn::add_row(shared, pass.parameter("encoder.bias"));
  }
  static nn::Var code_of(nn::Forward& pass, nn::Var shared) {
    const nn::Var scaled = nn::multiply_row(shared, nn::exp(pass.parameter("magnitude.scale")));
    const nn::Var size = nn::relu(nn::add_row(scaled, pass.parameter("magnitude.bias")));
    return nn::multiply(size, positive(gates_of(pass, shared)));
  }
};
ASSAY_REGISTER(Sae, Gated);

}  // namespace
}  // namespace assay::saes
