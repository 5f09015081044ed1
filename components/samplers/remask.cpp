// ReMDM: fills in `steps` steps, and what was filled in may become a mask again, so that early
// mistakes can be mended. At time t, from 1 to 0 in equal steps, the share alpha_t = 1 - t is
// filled in expectation. From t to s a filled position is masked again with probability sigma, and
// a masked one is filled with (alpha_s - (1 - sigma) alpha_t) / (1 - alpha_t); the last
// step fills all. With sigma_max = min(1, (1 - alpha_s) / alpha_t), sigma is min(eta, sigma_max)
// (cap) or eta sigma_max (rescale). `confidence` shares the latter out among the n filled positions
// by n softmax(-p), p being the probability that a token had when it was filled in. The n is ours:
// without it one position of a sequence is masked again at most, however long it is; and masked
// positions keep eta sigma_max, so that the share of masks follows the schedule. Given tokens stay.
// A step in which nothing is masked needs no call of the model.
#include <algorithm>
#include <cmath>

#include "components/samplers/masked.h"

namespace assay::samplers {
namespace {

struct Remask final : MaskedSampler {
  enum class Strategy { kCap, kRescale, kConfidence };
  static constexpr Info kInfo{"remask", 2, "Fills masked tokens and may mask them again (ReMDM).",
                              "Wang et al. 2025, arXiv:2503.00307", true};
  int steps = 16;
  Strategy strategy = Strategy::kCap;
  double eta = 0.1;

  static void params(Params<Remask>& p) {
    p.add("steps", &Remask::steps).range(1, 65536).unit("steps").doc("Until nothing is masked.");
    p.add("strategy", &Remask::strategy, {"cap", "rescale", "confidence"})
        .doc("How probable it is that a filled position is masked again.")
        .source("Wang et al. 2025");
    p.add("eta", &Remask::eta).range(0, 1).doc("Scale of that probability; 0 masks nothing again.");
    masked_params(p);
  }

 private:
  // Steps are counted by row.calls, which steps without a call advance too.
  void advance(MaskedRow& row, std::vector<Guess> guesses, Stream& stream) const override {
    step(row, guesses, stream);
    while (row.masked() == 0 && row.calls < steps) {
      ++row.calls;
      step(row, {}, stream);
    }
  }

  void step(MaskedRow& row, const std::vector<Guess>& guesses, Stream& stream) const {
    const double before = static_cast<double>(row.calls - 1) / steps,
                 after = static_cast<double>(row.calls) / steps;  // alpha_t, alpha_s
    const double most = before > 0 ? std::min(1.0, (1.0 - after) / before) : 1.0;
    const std::vector<double> again = probabilities(row, most);
    const double fill = (after - (1.0 - sigma(most)) * before) / (1.0 - before);
    for (std::size_t i = 0; i < again.size(); ++i) {
      if (row.decided[i] < 0 || row.tokens[i] == 0 || stream.uniform() >= again[i]) continue;
      row.tokens[i] = 0;
    }
    for (const Guess& guess : guesses)
      if (row.calls == steps || stream.uniform() < fill) row.fill(guess);
  }

  double sigma(double most) const {
    return strategy == Strategy::kCap ? std::min(eta, most) : eta * most;
  }

  // Of each position: that it is masked again, were it filled in by the sampler.
  std::vector<double> probabilities(const MaskedRow& row, double most) const {
    std::vector<double> out(row.tokens.size(), sigma(most));
    if (strategy != Strategy::kConfidence) return out;
    double total = 0.0, filled = 0.0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (row.tokens[i] == 0 || row.decided[i] < 0) continue;
      total += std::exp(-row.decided[i]);
      filled += 1.0;
    }
    for (std::size_t i = 0; i < out.size(); ++i)
      if (row.tokens[i] != 0 && row.decided[i] >= 0)
        out[i] = std::min(1.0, sigma(most) * filled * std::exp(-row.decided[i]) / total);
    return out;
  }
};
ASSAY_REGISTER(Sampler, Remask);

}  // namespace
}  // namespace assay::samplers
