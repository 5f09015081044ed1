// Any example as soon as any other: minibatches without replacement, each epoch in a new random
// order, a rest too small for a batch left out of its epoch; or a random choice.
#include <algorithm>

#include "components/selectors/selector.h"

namespace assay::selectors {
namespace {

struct Uniform final : Selector {
  static constexpr Info kInfo{"uniform", 1, "Chooses examples at random, all alike.", "", true};

  static void params(Params<Uniform>& /*p*/) {}

  std::unique_ptr<BatchOrder> order(const Pool& pool, const Stream& stream,
                                    int batch) const override {
    return uniform_order(pool, stream, batch);
  }
  std::vector<int> choose(const Pool& pool, int count, Stream stream) const override {
    std::vector<int> out = open_rows(pool);
    stream.shuffle(out);
    out.resize(std::min(out.size(), static_cast<std::size_t>(count)));
    return out;
  }
};
ASSAY_REGISTER(Selector, Uniform);

}  // namespace
}  // namespace assay::selectors
