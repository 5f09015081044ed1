// Chooses centres that leave no example far from one: again and again the example that is furthest
// from its nearest centre (algorithm 1, the greedy one, within twice the optimum), ties to the
// lower row. Centres at the start are those chosen already; without any, the example nearest to the
// mean. Distances are Euclidean, between activations at a site of the model, its outputs, or,
// without a model, features.
#include <algorithm>
#include <cmath>
#include <limits>

#include "components/selectors/selector.h"

namespace assay::selectors {
namespace {

double squared_distance(const nn::Tensor& x, int a, int b) {
  double out = 0.0;
  for (int j = 0; j < x.shape().back(); ++j) out += std::pow(x.at(a, j) - x.at(b, j), 2);
  return out;
}

int nearest_to_mean(const nn::Tensor& x) {
  const int n = x.shape()[0], width = x.shape().back();
  std::vector<double> distance(static_cast<std::size_t>(n));
  for (int j = 0; j < width; ++j) {
    double mean = 0.0;
    for (int i = 0; i < n; ++i) mean += x.at(i, j) / n;
    for (int i = 0; i < n; ++i)
      distance[static_cast<std::size_t>(i)] += std::pow(x.at(i, j) - mean, 2);
  }
  return static_cast<int>(std::min_element(distance.begin(), distance.end()) - distance.begin());
}

struct KCentre final : Selector {
  static constexpr Info kInfo{"k-centre", 1, "Chooses examples that cover the others.",
                              "Sener and Savarese 2018, arXiv:1708.00489, algorithm 1"};
  std::string site;

  static void params(Params<KCentre>& p) {
    p.add("site", &KCentre::site)
        .doc("Of the model, whose activations are compared; empty: its outputs.");
  }

  std::vector<int> choose(const Pool& pool, int count, Stream /*stream*/) const override {
    const nn::Tensor x = points(pool);
    const std::vector<int> open = open_rows(pool);
    const auto most = std::min(open.size(), static_cast<std::size_t>(count));
    std::vector<double> away(open.size(), std::numeric_limits<double>::infinity());
    const auto add = [&](int centre) {
      for (std::size_t i = 0; i < open.size(); ++i)
        away[i] = std::min(away[i], squared_distance(x, open[i], centre));
    };
    for (const int centre : pool.chosen) add(centre);
    std::vector<int> out;
    if (pool.chosen.empty() && most > 0) {
      out.push_back(nearest_to_mean(x));
      add(out.back());
      away[static_cast<std::size_t>(out.back())] = -1.0;
    }
    while (out.size() < most) {
      const auto furthest = std::max_element(away.begin(), away.end());
      out.push_back(open[static_cast<std::size_t>(furthest - away.begin())]);
      add(out.back());
      *furthest = -1.0;  // copies of a centre are 0 away, and come before it
    }
    return out;
  }

 private:
  nn::Tensor points(const Pool& pool) const {
    if (!pool.model && pool.examples.features.empty())
      throw std::runtime_error("k-centre needs features, or the input model");
    if (!pool.model) return pool.examples.features;
    if (site.empty()) return pool.model->outputs(pool.examples);
    nn::Tensor out = pool.model->activations(pool.examples, site);
    if (out.shape()[0] != pool.examples.count)
      throw std::runtime_error("k-centre: the site " + site + " has " +
                               std::to_string(out.shape()[0]) + " rows for " +
                               std::to_string(pool.examples.count) + " examples");
    return out;
  }
};
ASSAY_REGISTER(Selector, KCentre);

}  // namespace
}  // namespace assay::selectors
