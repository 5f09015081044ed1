// z = relu(W (x - b) + c), x' = D' z + b, loss = mean |x - x'|² + l1 * mean sum_i z_i, the rows of
// D (directions of the latents) kept at unit norm after every step. Bricken et al. 2023, whose
// projection of the decoder's gradient and resampling of dead latents are off by default; the
// warm-up of the penalty is that of Conerly et al. 2024 (Update on how we train SAEs).
#include "components/saes/firing.h"
#include "components/saes/resampling.h"
#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

struct ReluL1 final : LatentSae {
  static constexpr Info kInfo{"relu-l1", 2, "ReLU encoder with an L1 penalty.",
                              "Bricken et al. 2023, Towards Monosemanticity"};
  static constexpr std::string_view kExample = "latents = 12";
  float l1 = 0.1F;
  float warmup = 0.0F;
  bool project = false;
  std::vector<int> resample_at;
  int dead_after = 12'500;

  static void params(Params<ReluL1>& p) {
    latents_param(p);
    p.add("l1", &ReluL1::l1).neutral(0.0).at_least(0).doc("Weight of the L1 norm of the code.");
    p.add("warmup", &ReluL1::warmup)
        .range(0, 1)
        .doc("Share of the training over which the weight rises from 0.")
        .since(2);
    p.add("project", &ReluL1::project)
        .doc("Whether the decoder's gradient keeps to what leaves the norms of its rows.")
        .source("Bricken et al. 2023")
        .since(2);
    p.add("resample_at", &ReluL1::resample_at)
        .range(1, 1e7)
        .unit("steps")
        .doc("Steps after which dead latents begin anew; empty: they never do.")
        .source("Bricken et al. 2023: 25,000, 50,000, 75,000 and 100,000")
        .since(2);
    p.add("dead_after", &ReluL1::dead_after)
        .range(1, 1e7)
        .unit("steps")
        .doc("A latent is dead that has been silent for as many.")
        .source("Bricken et al. 2023")
        .since(2);
  }
  void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const override {
    declare_sae(out, format, latents_count, init);
    if (resample_at.empty()) return;
    declare_firing(out, latents_count);
    out.add("steps", nn::Tensor({1}), nn::Role::kOther);
  }
  nn::Var encode(nn::Forward& pass, nn::Var x) const override {
    return nn::relu(pre_activations(pass, x));
  }
  nn::Var decode(nn::Forward& pass, nn::Var code) const override {
    return decode_linear(pass, code);
  }
  nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const override {
    const nn::Var code = encode(pass, x);
    const double per_example = 1.0 / x.shape()[0];
    const nn::Var rebuilt = project ? decode_projected(pass, code) : decode(pass, code);
    const nn::Var error =
        nn::scale(nn::sum(nn::square(nn::subtract(rebuilt, target))), per_example);
    if (pass.training() && !resample_at.empty()) count_step(pass, x, code, rebuilt);
    const double weight = l1 * warmed_up(pass, warmup);
    return nn::add(error, nn::scale(nn::sum(code), weight * per_example));
  }
  void after_step(nn::Parameters& parameters) const override { unit_decoder(parameters); }
  std::span<const int> restarted(nn::Forward& pass) const override { return resampled(pass); }

 private:
  static nn::Var decode_projected(nn::Forward& pass, nn::Var code) {
    return nn::add_row(nn::matmul(code, unit_rows(pass.parameter("decoder.weight"))),
                       pass.parameter("decoder.bias"));
  }
  void count_step(nn::Forward& pass, nn::Var x, nn::Var code, nn::Var rebuilt) const {
    count_firing(pass, code, 1.0);
    pass.after_step([](nn::Parameters& parameters) {
      nn::Tensor& steps = parameters.get("steps").value;
      steps.set(0, steps.get(0) + 1.0);
    });
    const int step = static_cast<int>(pass.parameters().get("steps").value.get(0)) + 1;
    if (std::find(resample_at.begin(), resample_at.end(), step) != resample_at.end())
      resample_after_step(pass, x, rebuilt, dead_after);
  }
};
ASSAY_REGISTER(Sae, ReluL1);

}  // namespace
}  // namespace assay::saes
