// Draws from the nucleus: the smallest set of the most probable next tokens whose probability
// reaches p (eq. 2).
#include "components/samplers/next_token.h"

namespace assay::samplers {
namespace {

struct TopP final : TruncatingSampler {
  static constexpr Info kInfo{"top-p", 1, "Draws from the fewest tokens that have probability p.",
                              "Holtzman et al. 2020, arXiv:1904.09751, eq. 2", true};
  double p = 0.95;

  static void params(Params<TopP>& out) {
    out.add("p", &TopP::p)
        .above(0)
        .at_most(1)
        .doc("Probability kept.")
        .source("Holtzman et al. 2020, table 1");
    truncation_params(out);
  }

 private:
  void truncate(Candidates& candidates) const override { candidates.keep(candidates.reaching(p)); }
};
ASSAY_REGISTER(Sampler, TopP);

}  // namespace
}  // namespace assay::samplers
