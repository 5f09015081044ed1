// Semi-autoregressive filling (Arriola et al. 2025; Nie et al. 2025, LLaDA, section 2.4): the
// positions are cut into blocks of equal length, filled from left to right; inside the first block
// that has masks some positions are filled after each call, those first that `order` says. The
// model sees all positions, later masks too.
#include <algorithm>

#include "components/samplers/masked.h"

namespace assay::samplers {
namespace {

struct Blocks final : OrderedSampler {
  static constexpr Info kInfo{"blocks", 2, "Fills masked tokens block by block, left to right.",
                              "Nie et al. 2025, arXiv:2502.09992, section 2.4; Arriola et al. "
                              "2025, arXiv:2503.09573",
                              true};
  int block = 4;
  int per_step = 1;

  static void params(Params<Blocks>& p) {
    p.add("block", &Blocks::block).range(1, 65536).unit("tokens").doc("Length of a block.");
    order_param(p, "Which come first inside a block.");
    p.add("per_step", &Blocks::per_step)
        .range(1, 65536)
        .unit("tokens")
        .doc("Filled after each call of the model, of one block.");
    masked_params(p);
    order_temperature_param(p);
  }

 private:
  void advance(MaskedRow& row, std::vector<Guess> guesses, Stream& stream) const override {
    const int now = guesses.front().position / block;
    guesses.erase(std::find_if(guesses.begin(), guesses.end(),
                               [&](const Guess& g) { return g.position / block != now; }),
                  guesses.end());
    sort(guesses, stream);
    const auto most = std::min(guesses.size(), static_cast<std::size_t>(per_step));
    for (std::size_t i = 0; i < most; ++i) row.fill(guesses[i]);
  }
};
ASSAY_REGISTER(Sampler, Blocks);

}  // namespace
}  // namespace assay::samplers
