// Each true atom is matched with a distinct latent, the pair of largest cosine first (greedy); the
// mean of the cosines over the atoms, an atom without a latent counting 0.
#include <algorithm>

#include "components/metrics/dictionary_match.h"
#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct DictionaryRecovery final : Metric {
  static constexpr Info kInfo{"dictionary-recovery", 1,
                              "Mean cosine of true atoms with their matched latents.",
                              "Sharkey et al. 2022 (MMCS)"};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const auto found = e.data->truth.find("dictionary");
    if (found == e.data->truth.end())
      throw std::runtime_error("dictionary-recovery needs data with a known dictionary");
    const nn::Tensor &atoms = found->second, &rows = e.sae->parameters.get("decoder.weight").value;
    if (atoms.shape().back() != rows.shape().back())
      throw std::runtime_error("dictionary-recovery: atoms of " + std::to_string(atoms.shape()[1]) +
                               " numbers, latents of " + std::to_string(rows.shape()[1]));
    std::vector<double> cosines = match_dictionary(atoms, rows).cosine;
    std::sort(cosines.rbegin(), cosines.rend());  // summed in the order in which they were matched
    double sum = 0.0;
    for (const double cosine : cosines) sum += std::max(0.0, cosine);
    sink("dictionary-recovery", sum / atoms.shape()[0]);
  }
};
ASSAY_REGISTER(Metric, DictionaryRecovery);

}  // namespace
}  // namespace assay::metrics
