// One code for several sites of a model, side by side in x: z = relu(W x + c), x' = D' z + b, loss
// = mean |x - x'|² + l1 * mean sum_i z_i sum_s |D_{s,i}|, where D_{s,i} is what latent i writes at
// site s. Norms of the decoder are free: the penalty weighs them, so that a latent may belong to
// some sites alone. Lindsey et al. 2024 (Sparse Crosscoders). Of one site it is the autoencoder of
// Conerly et al. 2024.
#include <cmath>

#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

struct Crosscoder final : LatentSae {
  static constexpr Info kInfo{"crosscoder", 1, "One code for several sites.",
                              "Lindsey et al. 2024, Sparse Crosscoders for Cross-Layer Features"};
  static constexpr std::string_view kExample = "latents = 12";
  float l1 = 0.1F;
  float warmup = 0.0F;
  float norm = 0.1F;

  static void params(Params<Crosscoder>& p) {
    latents_param(p);
    p.add("l1", &Crosscoder::l1)
        .neutral(0.0)
        .at_least(0)
        .doc("Weight of the codes, each times the norms of what it writes.");
    p.add("warmup", &Crosscoder::warmup)
        .range(0, 1)
        .doc("Share of the training over which the weight rises from 0.");
    p.add("norm", &Crosscoder::norm)
        .above(0)
        .doc("Of what a latent reads, and of what it writes at all sites, at the start.");
  }
  void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const override {
    declare_free_norms(out, format, latents_count, norm, init);
    nn::Tensor widths({static_cast<int>(format.widths.size())});
    for (std::size_t s = 0; s < format.widths.size(); ++s)
      widths.set(static_cast<std::int64_t>(s), format.widths[s]);
    out.add("widths", widths, nn::Role::kOther);  // of the sites: no gradient reaches them
  }
  nn::Var encode(nn::Forward& pass, nn::Var x) const override { return uncentred_code(pass, x); }
  nn::Var decode(nn::Forward& pass, nn::Var code) const override {
    return decode_linear(pass, code);
  }
  nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const override {
    const nn::Var code = encode(pass, x);
    const double weight = l1 * warmed_up(pass, warmup) / x.shape()[0];
    const nn::Var penalty = nn::sum(nn::multiply_row(code, written_norms(pass)));
    return nn::add(mean_square(decode(pass, code), target), nn::scale(penalty, weight));
  }
  void after_step(nn::Parameters& /*parameters*/) const override {}

 private:
  // latents: the sum over sites of the norm of what a latent writes there.
  nn::Var written_norms(nn::Forward& pass) const {
    const nn::Tensor& widths = pass.parameters().get("widths").value;
    const nn::Var rows = pass.parameter("decoder.weight");
    nn::Var out;
    int first = 0;
    for (std::int64_t s = 0; s < widths.count(); ++s) {
      const int width = static_cast<int>(std::lround(widths.get(s)));
      const nn::Var norms = row_norms(rows, first, width);
      out = out.valid() ? nn::add(out, norms) : norms;
      first += width;
    }
    return out;
  }
};
ASSAY_REGISTER(Sae, Crosscoder);

}  // namespace
}  // namespace assay::saes
