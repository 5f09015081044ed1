// z = relu(W x + c), y' = D' z + b, loss = mean |y - y'|² + l1 * mean sum_i z_i, for y another site
// than x: the input and the output of a layer, which is to be read through sparse latents. Rows of
// D are kept at unit norm. Dunefsky et al. 2024, eqs. 1 to 4.
#include <cmath>

#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

struct Transcoder final : LatentSae {
  static constexpr Info kInfo{"transcoder", 1, "Reads one site and gives another.",
                              "Dunefsky et al. 2024, arXiv:2406.11944"};
  static constexpr std::string_view kExample = "latents = 12";
  float l1 = 0.1F;
  float warmup = 0.0F;

  static void params(Params<Transcoder>& p) {
    latents_param(p);
    p.add("l1", &Transcoder::l1).neutral(0.0).at_least(0).doc("Weight of the L1 norm of the code.");
    p.add("warmup", &Transcoder::warmup)
        .range(0, 1)
        .doc("Share of the training over which the weight rises from 0.");
  }
  bool transcodes() const override { return true; }
  void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const override {
    const int features = format.features();
    out.add("decoder.weight",
            nn::Tensor::normal({latents_count, format.outputs}, 1.0, init.fork("decoder")),
            nn::Role::kWeight);
    unit_decoder(out);
    // Rows of a norm of about 1, as those of the others.
    out.add("encoder.weight",
            nn::Tensor::normal({latents_count, features}, std::sqrt(1.0 / features),
                               init.fork("encoder")),
            nn::Role::kWeight);
    out.add("encoder.bias", nn::Tensor({latents_count}), nn::Role::kBias);
    out.add("decoder.bias", nn::Tensor({format.outputs}), nn::Role::kBias);
  }
  nn::Var encode(nn::Forward& pass, nn::Var x) const override { return uncentred_code(pass, x); }
  nn::Var decode(nn::Forward& pass, nn::Var code) const override {
    return decode_linear(pass, code);
  }
  nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const override {
    const nn::Var code = encode(pass, x);
    const double weight = l1 * warmed_up(pass, warmup) / x.shape()[0];
    return nn::add(mean_square(decode(pass, code), target), nn::scale(nn::sum(code), weight));
  }
  void after_step(nn::Parameters& parameters) const override { unit_decoder(parameters); }
};
ASSAY_REGISTER(Sae, Transcoder);

}  // namespace
}  // namespace assay::saes
