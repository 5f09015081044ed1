// z = topk(W (x - b) + c), x' = D' z + b, loss = mean |x - x'|²: the k largest pre-activations of
// each example are kept, those of them that are negative set to 0. Gao et al. 2024, eq. 3; their
// AuxK is off by default.
#include "components/saes/auxk.h"
#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

struct Topk final : LatentSae, AuxK {
  static constexpr Info kInfo{"topk", 2, "Keeps the k largest latents.",
                              "Gao et al. 2024, arXiv:2406.04093, eq. 3"};
  static constexpr std::string_view kExample = "latents = 12";
  int k = 8;

  static void params(Params<Topk>& p) {
    latents_param(p);
    p.add("k", &Topk::k).range(1, 1 << 20).unit("latents").doc("Kept for each example.");
    aux_params(p, 3);
  }
  std::string check() const override {
    return k <= latents_count ? ""
                              : "k = " + std::to_string(k) + " is more than the " +
                                    std::to_string(latents_count) + " latents";
  }
  void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const override {
    declare_sae(out, format, latents_count, init);
    if (aux > 0) declare_firing(out, latents_count);
  }
  nn::Var encode(nn::Forward& pass, nn::Var x) const override {
    return nn::relu(nn::topk_rows(pre_activations(pass, x), k));
  }
  nn::Var decode(nn::Forward& pass, nn::Var code) const override {
    return decode_linear(pass, code);
  }
  nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const override {
    // As decode(encode(x)), without the latents that are not kept. W (x - b) + c is W x + (c - W
    // b): so x needs no gradient.
    const nn::Var w = pass.parameter("encoder.weight"), b = pass.parameter("decoder.bias");
    const nn::Var shift = nn::matmul_transposed(nn::reshape(b, {1, b.shape().back()}), w);
    const nn::Var bias =
        nn::subtract(pass.parameter("encoder.bias"), nn::reshape(shift, {latents_count}));
    nn::SparseRows code = nn::topk_linear(x, w, bias, k);
    code.values = nn::relu(code.values);
    const nn::Var back = nn::add_row(nn::combine_rows(code, pass.parameter("decoder.weight")), b);
    const nn::Var error = mean_square(back, target);
    if (!(aux > 0) || !pass.training()) return error;
    count_firing(pass, code, x.shape()[0]);
    return with_auxiliary(pass, error, x, back);
  }
  void after_step(nn::Parameters& parameters) const override { unit_decoder(parameters); }
};
ASSAY_REGISTER(Sae, Topk);

}  // namespace
}  // namespace assay::saes
