// Locally typical sampling: draws from the smallest set of next tokens whose probability reaches
// `mass`, those first whose information -log p is nearest to the entropy of the distribution
// (eq. 8). The most probable token may be left out.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "components/samplers/next_token.h"

namespace assay::samplers {
namespace {

struct Typical final : TruncatingSampler {
  static constexpr Info kInfo{"typical", 1,
                              "Draws among tokens whose information is near the entropy.",
                              "Meister et al. 2022, arXiv:2202.00666, eq. 8", true};
  double mass = 0.95;

  static void params(Params<Typical>& p) {
    p.add("mass", &Typical::mass)
        .above(0)
        .at_most(1)
        .doc("Probability kept.")
        .source("Meister et al. 2022, section 6, where it is tau");
    truncation_params(p);
  }

 private:
  void truncate(Candidates& candidates) const override {
    const double total = candidates.total();
    std::vector<double> distance;  // information of each, then how far it is from the entropy
    double entropy = 0.0;
    for (const double weight : candidates.weights) {
      distance.push_back(std::log(total) - std::log(weight));
      if (weight > 0) entropy += weight / total * distance.back();
    }
    for (double& d : distance) d = std::abs(d - entropy);
    std::vector<std::size_t> order(distance.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return distance[a] < distance[b]; });
    Candidates sorted;
    for (const std::size_t i : order) {
      sorted.tokens.push_back(candidates.tokens[i]);
      sorted.weights.push_back(candidates.weights[i]);
    }
    candidates = std::move(sorted);
    candidates.keep(candidates.reaching(mass));
  }
};
ASSAY_REGISTER(Sampler, Typical);

}  // namespace
}  // namespace assay::samplers
