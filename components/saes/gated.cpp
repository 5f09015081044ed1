// The autoencoder of gated.h with the penalty l1 * mean sum_i relu(gate_i). Rajamanoharan et al.
// 2024a, eqs. 6 to 8.
#include "components/saes/gated.h"

namespace assay::saes {
namespace {

nn::Var products(nn::Forward& pass, nn::Var x) {
  return nn::matmul_transposed(centred(pass, x), pass.parameter("encoder.weight"));
}
nn::Var gates_of(nn::Forward& pass, nn::Var shared) {
  return nn::add_row(shared, pass.parameter("encoder.bias"));
}
nn::Var code_of(nn::Forward& pass, nn::Var shared) {
  const nn::Var scaled = nn::multiply_row(shared, nn::exp(pass.parameter("magnitude.scale")));
  const nn::Var size = nn::relu(nn::add_row(scaled, pass.parameter("magnitude.bias")));
  return nn::multiply(size, positive(gates_of(pass, shared)));
}

}  // namespace

void GatedBase::declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const {
  declare_sae(out, format, latents_count, init);
  out.add("magnitude.scale", nn::Tensor({latents_count}), nn::Role::kOther);
  out.add("magnitude.bias", nn::Tensor({latents_count}), nn::Role::kBias);
}

nn::Var GatedBase::encode(nn::Forward& pass, nn::Var x) const {
  return code_of(pass, products(pass, x));
}

nn::Var GatedBase::decode(nn::Forward& pass, nn::Var code) const {
  return decode_linear(pass, code);
}

nn::Var GatedBase::loss(nn::Forward& pass, nn::Var x, nn::Var target) const {
  const nn::Var shared = products(pass, x), gates = nn::relu(gates_of(pass, shared));
  nn::Var directions = pass.parameter("decoder.weight");
  if (project) directions = unit_rows(directions);
  const nn::Var b = pass.parameter("decoder.bias");
  const nn::Var rebuilt = nn::add_row(nn::matmul(code_of(pass, shared), directions), b);
  const nn::Var by_gates =
      nn::add_row(nn::matmul(gates, nn::stop_gradient(directions)), nn::stop_gradient(b));
  const double weight = l1 * warmed_up(pass, warmup) / x.shape()[0];
  return nn::add(nn::add(mean_square(rebuilt, target), mean_square(by_gates, target)),
                 gate_penalty(pass, gates, weight));
}

void GatedBase::after_step(nn::Parameters& parameters) const {
  unit_decoder(parameters);
}

namespace {

struct Gated final : GatedBase {
  static constexpr Info kInfo{"gated", 1, "Gates and magnitudes apart; the L1 penalty on gates.",
                              "Rajamanoharan et al. 2024, arXiv:2404.16014"};
  static constexpr std::string_view kExample = "latents = 12";
  static constexpr bool kSurrogate = true;

  static void params(Params<Gated>& p) { gated_params(p); }

 protected:
  nn::Var gate_penalty(nn::Forward& /*pass*/, nn::Var gates, double weight) const override {
    return nn::scale(nn::sum(gates), weight);
  }
};
ASSAY_REGISTER(Sae, Gated);

}  // namespace
}  // namespace assay::saes
