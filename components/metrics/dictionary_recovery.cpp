// Each true atom is matched with a distinct latent, the pair of largest cosine first (greedy); the
// mean of the cosines over the atoms, an atom without a latent counting 0.
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct DictionaryRecovery final : Metric {
  static constexpr Info kInfo{"dictionary-recovery", 1,
                              "Mean cosine of true atoms with their matched latents.",
                              "Sharkey et al. 2022 (MMCS)"};
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const auto found = e.data->truth.find("dictionary");
    if (found == e.data->truth.end())
      throw std::runtime_error("dictionary-recovery needs data with a known dictionary");
    const nn::Tensor &atoms = found->second, &rows = e.sae->parameters.get("decoder.weight").value;
    const int n = atoms.shape()[0], m = rows.shape()[0], d = rows.shape()[1];
    struct Pair {
      double cosine;
      int atom, latent;
    };
    std::vector<Pair> pairs;
    for (int a = 0; a < n; ++a) {
      for (int l = 0; l < m; ++l) {
        double dot = 0.0, norm = 0.0, own = 0.0;
        for (int j = 0; j < d; ++j) {
          dot += atoms.at(a, j) * rows.at(l, j);
          norm += rows.at(l, j) * rows.at(l, j);
          own += atoms.at(a, j) * atoms.at(a, j);
        }
        pairs.push_back({norm > 0 ? dot / std::sqrt(norm * own) : 0.0, a, l});
      }
    }
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](const Pair& x, const Pair& y) { return x.cosine > y.cosine; });
    std::vector<bool> atom_used(static_cast<std::size_t>(n)),
        latent_used(static_cast<std::size_t>(m));
    double sum = 0.0;
    for (const Pair& pair : pairs) {
      const auto a = static_cast<std::size_t>(pair.atom), l = static_cast<std::size_t>(pair.latent);
      if (atom_used[a] || latent_used[l]) continue;
      atom_used[a] = latent_used[l] = true;
      sum += std::max(0.0, pair.cosine);
    }
    sink("dictionary-recovery", sum / n);
  }
};
ASSAY_REGISTER(Metric, DictionaryRecovery);

}  // namespace
}  // namespace assay::metrics
