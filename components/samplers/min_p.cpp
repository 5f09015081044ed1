// Draws among the next tokens that have at least a share of the probability of the most probable
// one (section 3): few where the model is sure, many where it is not. The temperature comes first,
// as in the authors' implementation.
#include "components/samplers/next_token.h"

namespace assay::samplers {
namespace {

struct MinP final : TruncatingSampler {
  static constexpr Info kInfo{"min-p", 1,
                              "Draws among tokens near enough to the most probable one.",
                              "Nguyen et al. 2024, arXiv:2407.01082, section 3", true};
  double share = 0.1;

  static void params(Params<MinP>& p) {
    p.add("share", &MinP::share)
        .range(0, 1)
        .doc("Of the largest probability, that a token needs; 0 keeps all.")
        .source("Nguyen et al. 2024, section 3, where it is p_base");
    truncation_params(p);
  }

 private:
  void truncate(Candidates& candidates) const override {
    std::size_t n = 1;  // weights are relative to the largest, and fall
    while (n < candidates.weights.size() && candidates.weights[n] >= share) ++n;
    candidates.keep(n);
  }
};
ASSAY_REGISTER(Sampler, MinP);

}  // namespace
}  // namespace assay::samplers
