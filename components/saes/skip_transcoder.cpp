// z = topk(W x + c), y' = D' z + S x + b, loss = mean |y - y'|², for y another site than x: what of
// y is linear in x goes past the latents, which are left with the rest. D, S and b start at 0 (y is
// centred by train-sae: b starts at its mean), and no norms are kept. Paulo et al. 2025, section 3.
// Without the skip it is their plain transcoder.
#include <cmath>

#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

struct SkipTranscoder final : LatentSae {
  static constexpr Info kInfo{
      "skip-transcoder", 1, "Reads one site and gives another; a linear map goes past the latents.",
      "Paulo et al. 2025, arXiv:2501.18823"};
  static constexpr std::string_view kExample = "latents = 12, k = 4";
  int k = 32;
  bool skip = true;

  static void params(Params<SkipTranscoder>& p) {
    latents_param(p);
    p.add("k", &SkipTranscoder::k)
        .range(1, 1 << 20)
        .unit("latents")
        .doc("Kept for each example.")
        .source("Paulo et al. 2025");
    p.add("skip", &SkipTranscoder::skip)
        .doc("Whether what it reads reaches what it gives directly.");
  }
  std::string check() const override {
    return k <= latents_count ? ""
                              : "k = " + std::to_string(k) + " is more than the " +
                                    std::to_string(latents_count) + " latents";
  }
  bool transcodes() const override { return true; }
  void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const override {
    const int features = format.features();
    out.add("decoder.weight", nn::Tensor({latents_count, format.outputs}), nn::Role::kWeight);
    // Rows of a norm of about 1, as those of the others.
    out.add("encoder.weight",
            nn::Tensor::normal({latents_count, features}, std::sqrt(1.0 / features),
                               init.fork("encoder")),
            nn::Role::kWeight);
    out.add("encoder.bias", nn::Tensor({latents_count}), nn::Role::kBias);
    out.add("decoder.bias", nn::Tensor({format.outputs}), nn::Role::kBias);
    if (skip) out.add("skip.weight", nn::Tensor({format.outputs, features}), nn::Role::kWeight);
  }
  nn::Var encode(nn::Forward& pass, nn::Var x) const override {
    const nn::Var u =
        nn::linear(x, pass.parameter("encoder.weight"), pass.parameter("encoder.bias"));
    return nn::relu(nn::topk_rows(u, k));
  }
  nn::Var decode(nn::Forward& pass, nn::Var code) const override {
    return decode_linear(pass, code);
  }
  nn::Var rebuild(nn::Forward& pass, nn::Var x, nn::Var code) const override {
    return with_skip(pass, x, decode(pass, code));
  }
  nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const override {
    nn::SparseRows code =
        nn::topk_linear(x, pass.parameter("encoder.weight"), pass.parameter("encoder.bias"), k);
    code.values = nn::relu(code.values);
    const nn::Var by_code = nn::add_row(nn::combine_rows(code, pass.parameter("decoder.weight")),
                                        pass.parameter("decoder.bias"));
    return mean_square(with_skip(pass, x, by_code), target);
  }
  void after_step(nn::Parameters& /*parameters*/) const override {}

 private:
  nn::Var with_skip(nn::Forward& pass, nn::Var x, nn::Var by_code) const {
    if (!skip) return by_code;
    return nn::add(by_code, nn::matmul_transposed(x, pass.parameter("skip.weight")));
  }
};
ASSAY_REGISTER(Sae, SkipTranscoder);

}  // namespace
}  // namespace assay::saes
