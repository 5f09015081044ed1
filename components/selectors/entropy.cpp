// Chooses the examples of whose label the model knows least: the largest entropy of its classes,
// summed over positions where an example has several.
#include <cmath>

#include "components/selectors/selector.h"

namespace assay::selectors {
namespace {

struct Entropy final : Selector {
  static constexpr Info kInfo{"entropy", 1, "Chooses examples of uncertain label.",
                              "Settles 2009 (TR 1648), section 3.1"};

  static void params(Params<Entropy>& /*p*/) {}

  std::vector<int> choose(const Pool& pool, int count, Stream /*stream*/) const override {
    const nn::Tensor p = probabilities(pool, kInfo.name);
    std::vector<double> scores(static_cast<std::size_t>(pool.examples.count));
    for (int row = 0; row < p.shape()[0]; ++row)
      for (int c = 0; c < p.shape()[1]; ++c)
        if (p.at(row, c) > 0)
          scores[static_cast<std::size_t>(row / pool.format.positions)] -=
              p.at(row, c) * std::log(p.at(row, c));
    return highest(pool, scores, count);
  }
};
ASSAY_REGISTER(Selector, Entropy);

}  // namespace
}  // namespace assay::selectors
