// z = u where u > theta, else 0, u = W (x - b) + c, theta = exp(log_threshold); x' = D' z + b, loss
// = mean |x - x'|² + l0 * mean of the number of latents with u > theta. Rajamanoharan et al. 2024b,
// eqs. 9 to 12. The true gradient by theta is 0; the one used is that of the expected loss,
// estimated by a rectangle of width `bandwidth` (K(t) = 1 where |t| < 1/2): dz/dtheta = -theta /
// bandwidth * K((u - theta) / bandwidth), and -1 / bandwidth * K for the number.
// The paper scales inputs to a mean squared norm of 1, train-sae to the number of features: its
// 0.001 is narrower here by the root of that number.
#include <cmath>

#include "components/saes/jump.h"
#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

struct JumpRelu final : LatentSae, DecoderNorms {
  static constexpr Info kInfo{"jump-relu", 1,
                              "Learnt thresholds, and a penalty on the number kept.",
                              "Rajamanoharan et al. 2024, arXiv:2407.14435"};
  static constexpr std::string_view kExample = "latents = 12";
  static constexpr bool kSurrogate = true;
  float l0 = 0.1F;
  float threshold = 0.001F;
  float bandwidth = 0.001F;
  float warmup = 0.0F;

  JumpRelu() { project = true; }
  static void params(Params<JumpRelu>& p) {
    latents_param(p);
    p.add("l0", &JumpRelu::l0).at_least(0).doc("Weight of the number of latents that fire.");
    p.add("threshold", &JumpRelu::threshold)
        .above(0)
        .doc("Of every latent at the start.")
        .source("Rajamanoharan et al. 2024, appendix J");
    p.add("bandwidth", &JumpRelu::bandwidth)
        .above(0)
        .doc("Width of the kernel that estimates the threshold's gradient.")
        .source("Rajamanoharan et al. 2024, appendix J");
    p.add("warmup", &JumpRelu::warmup)
        .range(0, 1)
        .doc("Share of the training over which the weight rises from 0.");
    p.add("project", &JumpRelu::project)
        .doc("Whether the decoder's gradient keeps to what leaves the norms of its rows.")
        .source("Bricken et al. 2023");
    p.add("unit_norm", &JumpRelu::unit_norm)
        .doc("Whether the decoder's rows have norm 1 after each step.")
        .source("Bricken et al. 2023")
        .since(2);
  }
  std::string check() const override { return check_norms(); }
  void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const override {
    declare_sae(out, format, latents_count, init);
    out.add("log_threshold", nn::Tensor::full({latents_count}, std::log(double{threshold})),
            nn::Role::kOther);
  }
  nn::Var encode(nn::Forward& pass, nn::Var x) const override {
    return jump(pre_activations(pass, x), thresholds(pass), {bandwidth, false});
  }
  nn::Var decode(nn::Forward& pass, nn::Var code) const override {
    return decode_linear(pass, code);
  }
  nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const override {
    const nn::Var u = pre_activations(pass, x), theta = thresholds(pass);
    const nn::Var rows = directions(pass);
    const nn::Var rebuilt = nn::add_row(nn::matmul(jump(u, theta, {bandwidth, false}), rows),
                                        pass.parameter("decoder.bias"));
    const nn::Var fired = nn::sum(jump(u, theta, {bandwidth, true}));
    return nn::add(mean_square(rebuilt, target),
                   nn::scale(fired, l0 * warmed_up(pass, warmup) / x.shape()[0]));
  }
  void after_step(nn::Parameters& parameters) const override { keep_norms(parameters); }

 private:
  static nn::Var thresholds(nn::Forward& pass) { return nn::exp(pass.parameter("log_threshold")); }
};
ASSAY_REGISTER(Sae, JumpRelu);

}  // namespace
}  // namespace assay::saes
