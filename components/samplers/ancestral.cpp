// Draws the next token from softmax(logits / T), again and again, the context sliding along. top_k
// keeps the k most probable tokens (Fan et al. 2018), top_p the smallest set of the most probable
// whose probability reaches p (Holtzman et al. 2020, eq. 2); T = 0 takes the most probable. The
// rules have names of their own beside it: greedy, temperature, top-k, top-p.
#include "components/samplers/next_token.h"

namespace assay::samplers {
namespace {

struct Ancestral final : NextTokenSampler {
  static constexpr Info kInfo{"ancestral", 2,
                              "Next-token sampling with temperature, top-k and top-p.",
                              "Holtzman et al. 2020, arXiv:1904.09751, eq. 2", true};
  double temperature = 1.0;
  int top_k = 0;
  double top_p = 1.0;

  static void params(Params<Ancestral>& p) {
    p.add("temperature", &Ancestral::temperature)
        .range(0, 100)
        .doc("T; 0 takes the most probable.");
    p.add("top_k", &Ancestral::top_k).range(0, 1e6).unit("tokens").doc("Kept; 0 keeps all.");
    p.add("top_p", &Ancestral::top_p).above(0).at_most(1).doc("Probability kept.");
    context_params(p, 2);
  }

 private:
  int choose(std::span<const double> logits, double u) const override {
    if (temperature == 0.0) return most_probable(logits);
    Candidates candidates = rank(logits, temperature);
    if (top_k > 0) candidates.keep(static_cast<std::size_t>(top_k));
    candidates.keep(candidates.reaching(top_p));
    return candidates.draw(u);
  }
};
ASSAY_REGISTER(Sampler, Ancestral);

}  // namespace
}  // namespace assay::samplers
