#include "components/metrics/dictionary_match.h"

#include <algorithm>
#include <cmath>

namespace assay::metrics {

double row_cosine(const nn::Tensor& a, int i, const nn::Tensor& b, int j) {
  double dot = 0.0, of_a = 0.0, of_b = 0.0;
  for (int c = 0; c < a.shape().back(); ++c) {
    dot += a.at(i, c) * b.at(j, c);
    of_b += b.at(j, c) * b.at(j, c);
    of_a += a.at(i, c) * a.at(i, c);
  }
  return of_b > 0 && of_a > 0 ? dot / std::sqrt(of_b * of_a) : 0.0;
}

DictionaryMatch match_dictionary(const nn::Tensor& atoms, const nn::Tensor& rows) {
  const int n = atoms.shape()[0], m = rows.shape()[0];
  struct Pair {
    double cosine;
    int atom, latent;
  };
  std::vector<Pair> pairs;
  for (int a = 0; a < n; ++a)
    for (int l = 0; l < m; ++l) pairs.push_back({row_cosine(atoms, a, rows, l), a, l});
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& x, const Pair& y) { return x.cosine > y.cosine; });
  DictionaryMatch out;
  out.latent.assign(static_cast<std::size_t>(n), -1);
  out.cosine.assign(static_cast<std::size_t>(n), 0.0);
  std::vector<bool> used(static_cast<std::size_t>(m));
  for (const Pair& pair : pairs) {
    const auto a = static_cast<std::size_t>(pair.atom), l = static_cast<std::size_t>(pair.latent);
    if (out.latent[a] >= 0 || used[l]) continue;
    used[l] = true;
    out.latent[a] = pair.latent;
    out.cosine[a] = pair.cosine;
  }
  return out;
}

}  // namespace assay::metrics
