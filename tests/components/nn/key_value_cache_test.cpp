#include "components/nn/key_value_cache.h"

#include "components/evictions/eviction.h"
#include "tests/contracts/contract.h"

using namespace assay;
using namespace assay::nn;

namespace {

const Parameters kNone;

void append(KeyValueCache& cache, KeyValueCache::Layer& layer, const Tensor& k, const Tensor& v) {
  cache.append(layer, {k, v, k, kNone});
}

// One sequence whose key at position p is p.
std::vector<double> keys_after(int positions, int capacity, int sinks,
                               std::vector<int>* places = nullptr) {
  const auto policy =
      testing::build<Eviction>("{ use = \"sink-window\", sinks = " + std::to_string(sinks) + " }");
  KeyValueCache cache(1, capacity, &*policy), oldest(1, capacity);
  auto& layer = cache.layer("a", 1);
  for (int p = 0; p < positions; ++p) {
    append(cache, layer, Tensor::full({1, 1}, p), Tensor::full({1, 1}, -p));
    append(oldest, oldest.layer("a", 1), Tensor::full({1, 1}, p), Tensor({1, 1}));
  }
  if (sinks == 0) CHECK(oldest.layer("a", 1).keys == layer.keys);
  std::vector<double> out;
  for (int row = 0; row < layer.stored; ++row) {
    out.push_back(layer.keys.get(row));
    CHECK(layer.values.get(row) == -layer.keys.get(row));
  }
  if (places) *places = layer.places;
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
  append(cache, layer, Tensor::of({4, 1}, std::vector<double>{1, 2, 10, 20}), Tensor({4, 1}));
  cache.advance(2);
  CHECK(cache.position() == 2);
  CHECK(layer.stored == 2);
  CHECK(layer.keys == Tensor::of({6, 1}, std::vector<double>{1, 2, 0, 10, 20, 0}));
  CHECK(&cache.layer("a", 1) == &layer);
  CHECK(cache.layer("b", 1, 1, 2).capacity == 2);
  CHECK_THROWS_AS(KeyValueCache(1, 0), std::invalid_argument);
  const auto sinks = testing::build<Eviction>("{ use = \"sink-window\", sinks = 2 }");
  CHECK_THROWS_WITH_AS(KeyValueCache(1, 2, &*sinks),
                       "sink-window: sinks = 2 leaves no place in cache = 2", std::runtime_error);
}

TEST_CASE("a state is zeros at first, stays, and keeps its shape") {
  KeyValueCache cache(2, 3);
  Tensor& state = cache.state("a", {2, 2});
  CHECK(state == Tensor({2, 2}));
  state.set(3, 5.0);
  CHECK(cache.state("b", {1}).get(0) == 0.0);
  CHECK(cache.state("a", {2, 2}).get(3) == 5.0);
  CHECK(cache.bytes() == 5 * sizeof(float));
  CHECK_THROWS_WITH_AS(cache.state("a", {4}), "the state of a is 2 x 2, not 4", std::logic_error);
}

namespace {

// Two sequences of scan and linear attention inputs, in double.
struct Inputs {
  static constexpr int kHeads = 2, kWidth = 3;
  Tensor a, b, q, k, v, g;
  explicit Inputs(int length) {
    const auto draw = [&](int d, std::uint64_t seed) {
      return Tensor::normal({2 * length, d}, 1.0, Stream(seed), Dtype::kFloat64);
    };
    a = draw(4, 1), b = draw(4, 2), q = draw(kHeads * kWidth, 3), k = draw(kHeads * kWidth, 4),
    v = draw(kHeads * 2, 5), g = draw(kHeads, 6);
    for (std::int64_t i = 0; i < g.count(); ++i) g.set(i, -std::abs(g.get(i)));
  }
  static Tensor scan_state() { return Tensor({2, 4}, Dtype::kFloat64); }
  static Tensor attention_state() { return Tensor({2 * kHeads, kWidth, 2}, Dtype::kFloat64); }
};

// Rows first … first + count - 1 of each of two sequences of `length`.
Tensor part(const Tensor& x, int length, int first, int count) {
  const int d = x.shape().back();
  Tensor out({2 * count, d}, x.dtype());
  for (int i = 0; i < 2 * count; ++i)
    for (int j = 0; j < d; ++j)
      out.set(std::int64_t{i} * d + j, x.at(i / count * length + first + i % count, j));
  return out;
}

}  // namespace

TEST_CASE("recurrences go on from a state as if sequences had never been cut") {
  const int length = 23;
  const Inputs x(length);
  Tape tape(Dtype::kFloat64);
  const auto on = [&](const Tensor& all, int first, int count) {
    return tape.constant(part(all, length, first, count));
  };
  const auto scan = [&](int first, int count, Tensor* state) {
    return tape.value(linear_scan(on(x.a, first, count), on(x.b, first, count), count, state));
  };
  const auto attend = [&](int first, int count, Tensor* state) {
    return tape.value(gated_linear_attention(on(x.q, first, count), on(x.k, first, count),
                                             on(x.v, first, count), on(x.g, first, count), count,
                                             Inputs::kHeads, state));
  };
  const Tensor scanned = scan(0, length, nullptr), attended = attend(0, length, nullptr);
  Tensor h = Inputs::scan_state(), s = Inputs::attention_state();
  for (int first = 0, count = 18; first < length; first += count, count = 1) {
    CHECK(scan(first, count, &h) == part(scanned, length, first, count));
    const Tensor y = attend(first, count, &s), expected = part(attended, length, first, count);
    for (std::int64_t i = 0; i < y.count(); ++i)
      CHECK(y.get(i) == doctest::Approx(expected.get(i)).epsilon(1e-12));
  }
  Tensor wrong({3}, Dtype::kFloat64);
  CHECK_THROWS_AS(scan(0, 2, &wrong), std::invalid_argument);
  CHECK_THROWS_AS(attend(0, 2, &wrong), std::invalid_argument);
}

TEST_CASE("gradients of recurrences that go on agree with central differences") {
  const int length = 3;
  const Inputs x(length);
  Parameters parameters;
  for (const auto& [name, value] : {std::pair<const char*, const Tensor&>{"a", x.a},
                                    {"b", x.b},
                                    {"q", x.q},
                                    {"k", x.k},
                                    {"v", x.v}})
    parameters.add(name, value, Role::kOther);
  const auto error = testing::gradient_error(parameters, [&](Tape& tape, const Parameters& at) {
    const auto use = [&](const char* name) { return tape.parameter(at.get(name)); };
    Tensor h = Tensor::full({2, 4}, 0.7, Dtype::kFloat64),
           s = Tensor::full({2 * Inputs::kHeads, Inputs::kWidth, 2}, -0.4, Dtype::kFloat64);
    const Var y = linear_scan(use("a"), use("b"), length, &h),
              z = gated_linear_attention(use("q"), use("k"), use("v"), tape.constant(x.g), length,
                                         Inputs::kHeads, &s);
    return add(testing::probe(y), testing::probe(z));
  });
  CHECK(error < 1e-7);
}
