// z = topk(W (x - b) + c), x' = D' z + b, loss = mean |x - x'|²: the k largest pre-activations of
// each example are kept, those of them that are negative set to 0. Gao et al. 2024, eq. 3; their
// AuxK and Multi-TopK (the loss of 4 k latents beside that of k, as L(k) + L(4k) / 8) are off by
// default.
#include "components/saes/auxk.h"
#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

struct Topk final : LatentSae, AuxK, DecoderNorms {
  static constexpr Info kInfo{"topk", 2, "Keeps the k largest latents.",
                              "Gao et al. 2024, arXiv:2406.04093, eq. 3"};
  static constexpr std::string_view kExample = "latents = 12";
  int k = 8;
  float multi = 0.0F;
  int multi_k = 0;

  static void params(Params<Topk>& p) {
    latents_param(p);
    p.add("k", &Topk::k).range(1, 1 << 20).unit("latents").doc("Kept for each example.");
    aux_params(p, 3);
    p.add("multi", &Topk::multi)
        .at_least(0)
        .doc("Weight of the loss with more latents kept beside that with k; 0: none.")
        .source("Gao et al. 2024, Multi-TopK: 1/8")
        .since(3);
    p.add("multi_k", &Topk::multi_k)
        .range(0, 1 << 20)
        .unit("latents")
        .doc("Kept there; 0: four times as many as k.")
        .source("Gao et al. 2024, Multi-TopK")
        .since(3);
    norm_params(p, 3);
  }
  std::string check() const override {
    const std::string latents = " is more than the " + std::to_string(latents_count) + " latents";
    if (k > latents_count) return "k = " + std::to_string(k) + latents;
    if (multi > 0 && more() > latents_count)
      return "multi: keeping " + std::to_string(more()) + latents;
    return check_norms();
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
    const nn::Var rows = directions(pass);
    const auto rebuilt = [&](const nn::SparseRows& code) {
      return nn::add_row(nn::combine_rows(code, rows), b);
    };
    const nn::SparseRows code = kept(x, w, bias, k);
    const nn::Var back = rebuilt(code);
    nn::Var error = mean_square(back, target);
    if (multi > 0)
      error =
          nn::add(error, nn::scale(mean_square(rebuilt(kept(x, w, bias, more())), target), multi));
    if (!(aux > 0) || !pass.training()) return error;
    count_firing(pass, code, x.shape()[0]);
    return with_auxiliary(pass, error, x, back);
  }
  void after_step(nn::Parameters& parameters) const override { keep_norms(parameters); }

 private:
  int more() const { return multi_k > 0 ? multi_k : 4 * k; }
  static nn::SparseRows kept(nn::Var x, nn::Var w, nn::Var bias, int count) {
    nn::SparseRows code = nn::topk_linear(x, w, bias, count);
    code.values = nn::relu(code.values);
    return code;
  }
};
ASSAY_REGISTER(Sae, Topk);

}  // namespace
}  // namespace assay::saes
