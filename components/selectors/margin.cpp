// Chooses the examples whose most probable class is least ahead of the second, p1 - p2 being
// the margin, summed over positions where an example has several.
#include <algorithm>

#include "components/selectors/selector.h"

namespace assay::selectors {
namespace {

struct Margin final : Selector {
  static constexpr Info kInfo{"margin", 1, "Chooses examples between two classes.",
                              "Settles 2009 (TR 1648), section 3.1"};

  static void params(Params<Margin>& /*p*/) {}

  std::vector<int> choose(const Pool& pool, int count, Stream /*stream*/) const override {
    const nn::Tensor p = probabilities(pool, kInfo.name);
    std::vector<double> scores(static_cast<std::size_t>(pool.examples.count));
    for (int row = 0; row < p.shape()[0]; ++row) {
      double first = 0.0, second = 0.0;
      for (int c = 0; c < p.shape()[1]; ++c) {
        second = std::max(second, std::min(first, p.at(row, c)));
        first = std::max(first, p.at(row, c));
      }
      scores[static_cast<std::size_t>(row / pool.format.positions)] -= first - second;
    }
    return highest(pool, scores, count);
  }
};
ASSAY_REGISTER(Selector, Margin);

}  // namespace
}  // namespace assay::selectors
