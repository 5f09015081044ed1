// z = relu(W x + c), x' = D' z + b, loss = mean |x - x'|² + l1 * mean sum_i z_i |D_i|, D_i the
// direction of latent i, whose norm is free: a penalty on the codes alone could be evaded by small
// codes and long directions. Rows of D start in random directions at norm `norm`, W as D, biases at
// 0; the weight of the penalty rises from 0 over the first twentieth of training. Conerly et al.
// 2024. Their clipping of gradients at norm 1 and decay of the learning rate over the last fifth
// are the optimizer's; their scale of the inputs, a mean norm of the root of the width, is
// train-sae's `scale = "mean-norm"`.
#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

struct AprilUpdate final : LatentSae {
  static constexpr Info kInfo{"april-update", 1,
                              "ReLU encoder, L1 penalty weighed by free decoder norms.",
                              "Conerly et al. 2024, Update on how we train SAEs"};
  static constexpr std::string_view kExample = "latents = 12";
  float l1 = 5.0F;
  float warmup = 0.05F;
  float norm = 0.1F;

  static void params(Params<AprilUpdate>& p) {
    latents_param(p);
    p.add("l1", &AprilUpdate::l1)
        .neutral(0.0)
        .at_least(0)
        .doc("Weight of the codes, each times the norm of what it writes.");
    p.add("warmup", &AprilUpdate::warmup)
        .range(0, 1)
        .doc("Share of the training over which the weight rises from 0.");
    p.add("norm", &AprilUpdate::norm)
        .above(0)
        .doc("Of what a latent reads and of what it writes, at the start.")
        .source("Conerly et al. 2024: 0.05 to 1");
  }
  void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const override {
    declare_free_norms(out, format, latents_count, norm, init);
  }
  nn::Var encode(nn::Forward& pass, nn::Var x) const override { return uncentred_code(pass, x); }
  nn::Var decode(nn::Forward& pass, nn::Var code) const override {
    return decode_linear(pass, code);
  }
  nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const override {
    const nn::Var code = encode(pass, x), rows = pass.parameter("decoder.weight");
    const nn::Var written = nn::multiply_row(code, row_norms(rows, 0, rows.shape().back()));
    const double weight = l1 * warmed_up(pass, warmup) / x.shape()[0];
    return nn::add(mean_square(decode(pass, code), target), nn::scale(nn::sum(written), weight));
  }
  void after_step(nn::Parameters& /*parameters*/) const override {}
};
ASSAY_REGISTER(Sae, AprilUpdate);

}  // namespace
}  // namespace assay::saes
