// The autoencoder of gated.h with the penalty weight * mean sum_i relu(gate_i)^p, whose p falls
// from 1 to p_end during training while the weight is adapted (annealing.h). Karvonen et al. 2024.
#include "components/saes/annealing.h"
#include "components/saes/gated.h"

namespace assay::saes {
namespace {

struct GatedAnneal final : GatedBase, Annealing {
  static constexpr Info kInfo{"gated-anneal", 1,
                              "Gated, with an Lp penalty on gates whose p falls.",
                              "Karvonen et al. 2024, arXiv:2408.00113"};
  static constexpr std::string_view kExample = "latents = 12";
  static constexpr bool kSurrogate = true;

  static void params(Params<GatedAnneal>& p) {
    gated_params(p);
    annealing_params(p);
  }
  void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const override {
    GatedBase::declare(out, format, init);
    declare_annealing(out);
  }

 protected:
  nn::Var gate_penalty(nn::Forward& pass, nn::Var gates, double weight) const override {
    return penalty(pass, gates, weight);
  }
};
ASSAY_REGISTER(Sae, GatedAnneal);

}  // namespace
}  // namespace assay::saes
