#include "components/nn/key_value_cache.h"

using namespace assay;
using namespace assay::nn;

namespace {

// One sequence whose key at position p is p.
std::vector<double> keys_after(int positions, int capacity, int sinks,
                               std::vector<int>* places = nullptr) {
  KeyValueCache cache(1, capacity, sinks);
  auto& layer = cache.layer("a", 1);
  for (int p = 0; p < positions; ++p)
    cache.append(layer, Tensor::full({1, 1}, p), Tensor::full({1, 1}, -p));
  std::vector<double> out;
  for (int row = 0; row < layer.stored; ++row) {
    out.push_back(layer.keys.get(row));
    CHECK(layer.values.get(row) == -layer.keys.get(row));
    if (places) places->push_back(cache.place(layer, row));
  }
  return out;
}

}  // namespace

TEST_CASE("a full cache gives up its oldest positions, but not the first") {
  using Row = std::vector<double>;
  CHECK(keys_after(3, 4, 0) == Row{0, 1, 2});
  CHECK(keys_after(6, 4, 0) == Row{4, 5, 2, 3});
  std::vector<int> places;
  CHECK(keys_after(6, 4, 1, &places) == Row{0, 4, 5, 3});
  CHECK(places == std::vector<int>{0, 2, 3, 1});  // oldest first: 0, 3, 4, 5
}

TEST_CASE("sequences of a cache advance together and keep to themselves") {
  KeyValueCache cache(2, 3);
  auto& layer = cache.layer("a", 1);
  cache.append(layer, Tensor::of({4, 1}, std::vector<double>{1, 2, 10, 20}), Tensor({4, 1}));
  cache.advance(2);
  CHECK(cache.position() == 2);
  CHECK(layer.stored == 2);
  CHECK(layer.keys == Tensor::of({6, 1}, std::vector<double>{1, 2, 0, 10, 20, 0}));
  CHECK(&cache.layer("a", 1) == &layer);
  CHECK(cache.layer("b", 1, 2).capacity == 2);
  CHECK_THROWS_AS(KeyValueCache(1, 2, 2), std::invalid_argument);
}
