// Mean over the true atoms of the largest cosine with any latent: several atoms may find the same
// one, where dictionary-recovery gives each a latent of its own.
#include <algorithm>

#include "components/metrics/dictionary_match.h"
#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct Mmcs final : Metric {
  static constexpr Info kInfo{"mmcs", 1,
                              "Mean over true atoms of the largest cosine with a latent.",
                              "Sharkey et al. 2022 (mean max cosine similarity)"};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const auto found = e.data->truth.find("dictionary");
    if (found == e.data->truth.end())
      throw std::runtime_error("mmcs needs data with a known dictionary");
    const nn::Tensor &atoms = found->second, &rows = e.sae->parameters.get("decoder.weight").value;
    if (atoms.shape().back() != rows.shape().back())
      throw std::runtime_error("mmcs: atoms of " + std::to_string(atoms.shape()[1]) +
                               " numbers, latents of " + std::to_string(rows.shape()[1]));
    double sum = 0.0;
    for (int a = 0; a < atoms.shape()[0]; ++a) {
      double best = 0.0;
      for (int l = 0; l < rows.shape()[0]; ++l)
        best = std::max(best, row_cosine(atoms, a, rows, l));
      sum += best;
    }
    sink("mmcs", sum / atoms.shape()[0]);
  }
};
ASSAY_REGISTER(Metric, Mmcs);

}  // namespace
}  // namespace assay::metrics
