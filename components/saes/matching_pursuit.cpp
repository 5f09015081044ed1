// r = x - b; then k times the latent i whose direction has the largest product D_i . r, if that is
// above 0: z_i grows by it, and r loses it along D_i. x' = D' z + b, loss = mean |x - x'|² = mean
// |r|². Encoder and decoder are one dictionary, its rows kept at unit norm, and a latent may be
// found that shares directions with one before, which an encoder of one layer would see twice.
// Costa et al. 2025, section 3; as in SAELens but that products below 0 end it, where there also a
// residual below a threshold does. The gradient is of the rows at unit norm.
#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

struct MatchingPursuit final : LatentSae {
  static constexpr Info kInfo{"matching-pursuit", 1,
                              "Adds the latent that fits what is left best, k times.",
                              "Costa et al. 2025, arXiv:2506.03093"};
  static constexpr std::string_view kExample = "latents = 12, k = 3";
  int k = 8;

  static void params(Params<MatchingPursuit>& p) {
    latents_param(p);
    p.add("k", &MatchingPursuit::k)
        .range(1, 4096)
        .unit("steps")
        .doc("Each adds to one latent of an example.");
  }
  void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const override {
    const int features = format.features();
    out.add("decoder.weight",
            nn::Tensor::normal({latents_count, features}, 1.0, init.fork("decoder")),
            nn::Role::kWeight);
    unit_decoder(out);
    out.add("decoder.bias", nn::Tensor({features}), nn::Role::kBias);
  }
  nn::Var encode(nn::Forward& pass, nn::Var x) const override {
    const nn::Var rows = pass.parameter("decoder.weight");
    nn::Var left = centred(pass, x), code;
    for (int step = 0; step < k; ++step) {
      const nn::Var found = nn::relu(nn::topk_rows(nn::matmul_transposed(left, rows), 1));
      code = code.valid() ? nn::add(code, found) : found;
      left = nn::subtract(left, nn::matmul(found, rows));
    }
    return code;
  }
  nn::Var decode(nn::Forward& pass, nn::Var code) const override {
    return decode_linear(pass, code);
  }
  nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const override {
    const nn::Var rows = unit_rows(pass.parameter("decoder.weight"));
    const nn::Var none =
        pass.tape().constant({latents_count}, [](nn::Tensor& out) { out.fill(0.0); });
    nn::Var left = centred(pass, x);
    for (int step = 0; step < k; ++step) {
      nn::SparseRows found = nn::topk_linear(left, rows, none, 1);
      found.values = nn::relu(found.values);
      left = nn::subtract(left, nn::combine_rows(found, rows));
    }
    // x' is x less what is left.
    return mean_square(nn::subtract(x, left), target);
  }
  void after_step(nn::Parameters& parameters) const override { unit_decoder(parameters); }
};
ASSAY_REGISTER(Sae, MatchingPursuit);

}  // namespace
}  // namespace assay::saes
