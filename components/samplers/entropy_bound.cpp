// Fills as many masked positions at once as an entropy budget allows: in the order of entropy, the
// longest run of positions whose entropies, less the largest of them, sum to gamma at most. That
// difference bounds what is lost by drawing them independently (their mutual information). gamma =
// 0 fills one position at a time, and with it those that are certain.
#include <algorithm>

#include "components/samplers/masked.h"

namespace assay::samplers {
namespace {

struct EntropyBound final : OrderedSampler {
  static constexpr Info kInfo{"entropy-bound", 2,
                              "Fills masked tokens at once while their entropies stay small.",
                              "Ben-Hamu et al. 2025, arXiv:2505.24857", true};
  double gamma = 0.1;

  EntropyBound() { order = Order::kEntropy; }

  static void params(Params<EntropyBound>& p) {
    p.add("gamma", &EntropyBound::gamma)
        .range(0, 1e9)
        .unit("nats")
        .doc("Bound on the entropies of what is filled at once, the largest left out.");
    order_param(p, "Which positions come first.");
    masked_params(p);
    order_temperature_param(p);
  }

 private:
  void advance(MaskedRow& row, std::vector<Guess> guesses, Stream& stream) const override {
    sort(guesses, stream);
    double sum = 0.0, largest = 0.0;
    for (const Guess& guess : guesses) {
      sum += guess.entropy;
      largest = std::max(largest, guess.entropy);
      if (&guess != &guesses.front() && sum - largest > gamma) return;
      row.fill(guess);
    }
  }
};
ASSAY_REGISTER(Sampler, EntropyBound);

}  // namespace
}  // namespace assay::samplers
