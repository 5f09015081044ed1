// Draws among the k most probable next tokens; of equally probable ones the lower are kept.
#include "components/samplers/next_token.h"

namespace assay::samplers {
namespace {

struct TopK final : TruncatingSampler {
  static constexpr Info kInfo{"top-k", 1, "Draws among the k most probable next tokens.",
                              "Fan et al. 2018, arXiv:1805.04833, section 5.4", true};
  int k = 10;

  static void params(Params<TopK>& p) {
    p.add("k", &TopK::k)
        .range(1, 1e6)
        .unit("tokens")
        .doc("Kept, or all where there are fewer.")
        .source("Fan et al. 2018, section 5.4");
    truncation_params(p);
  }

 private:
  void truncate(Candidates& candidates) const override {
    candidates.keep(static_cast<std::size_t>(k));
  }
};
ASSAY_REGISTER(Sampler, TopK);

}  // namespace
}  // namespace assay::samplers
