// z = relu(W (x - b) + c), x' = D' z + b, loss = mean |x - x'|² + weight * mean sum_i z_i^p, the
// rows of D kept at unit norm; p falls from 1 to p_end during training and the weight is adapted so
// that the penalty stays what it was (annealing.h). Karvonen et al. 2024. Their schedule in
// dictionary_learning ends before p_end is reached; here the last of equal times has it.
#include "components/saes/annealing.h"
#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

struct PAnneal final : LatentSae, Annealing {
  static constexpr Info kInfo{"p-anneal", 1, "ReLU encoder with an Lp penalty whose p falls.",
                              "Karvonen et al. 2024, arXiv:2408.00113"};
  static constexpr std::string_view kExample = "latents = 12";
  float l1 = 0.1F;
  float warmup = 0.0F;
  bool project = true;

  static void params(Params<PAnneal>& p) {
    latents_param(p);
    p.add("l1", &PAnneal::l1)
        .neutral(0.0)
        .at_least(0)
        .doc("Weight of the penalty while it is the L1 norm of the code.");
    annealing_params(p);
    p.add("warmup", &PAnneal::warmup)
        .range(0, 1)
        .doc("Share of the training over which the weight rises from 0.");
    p.add("project", &PAnneal::project)
        .doc("Whether the decoder's gradient keeps to what leaves the norms of its rows.")
        .source("Bricken et al. 2023");
  }
  void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const override {
    declare_sae(out, format, latents_count, init);
    declare_annealing(out);
  }
  nn::Var encode(nn::Forward& pass, nn::Var x) const override {
    return nn::relu(pre_activations(pass, x));
  }
  nn::Var decode(nn::Forward& pass, nn::Var code) const override {
    return decode_linear(pass, code);
  }
  nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const override {
    const nn::Var code = encode(pass, x);
    nn::Var rows = pass.parameter("decoder.weight");
    if (project) rows = unit_rows(rows);
    const nn::Var rebuilt = nn::add_row(nn::matmul(code, rows), pass.parameter("decoder.bias"));
    const double weight = l1 * warmed_up(pass, warmup) / x.shape()[0];
    return nn::add(mean_square(rebuilt, target), penalty(pass, code, weight));
  }
  void after_step(nn::Parameters& parameters) const override { unit_decoder(parameters); }
};
ASSAY_REGISTER(Sae, PAnneal);

}  // namespace
}  // namespace assay::saes
