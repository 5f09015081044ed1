#include "components/routers/router.h"

#include <cmath>

namespace assay {

void add_load(nn::Forward& pass, std::string_view name, std::span<const int> chosen, int experts) {
  nn::Tensor& load = pass.statistic(nn::Name(name, ".load"), {experts});
  for (const int expert : chosen)
    if (expert >= 0) load.set(expert, load.get(expert) + 1);
}

void add_routing_entropy(nn::Forward& pass, std::string_view name, nn::Var probabilities) {
  if (pass.training()) return;
  const nn::Tensor& p = pass.tape().value(probabilities);
  const int experts = p.shape().back(), n = static_cast<int>(p.count() / experts);
  nn::Tensor& out = pass.statistic(nn::Name(name, ".routing_entropy"), {n});
  for (int i = 0; i < n; ++i) {
    double entropy = 0.0;
    for (int e = 0; e < experts; ++e) {
      const double share = p.get(std::int64_t{i} * experts + e);
      if (share > 0) entropy -= share * std::log(share);
    }
    out.set(i, entropy);
  }
}

void add_routing_entropy(nn::Forward& pass, std::string_view name, int rows, double entropy) {
  if (pass.training()) return;
  pass.statistic(nn::Name(name, ".routing_entropy"), {rows}).fill(entropy);
}

}  // namespace assay
