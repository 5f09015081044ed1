// Keys and values in few bits, against the same computed from all that arrived.
#include <algorithm>
#include <cmath>

#include "tests/contracts/eviction_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

constexpr int kWidth = 8;

// What one head keeps after so many positions, by position.
struct Course {
  std::vector<std::vector<double>> keys, values;  // that arrived
  nn::KeyValueCache cache;
  nn::KeyValueCache::Layer& layer;

  Course(const Eviction& eviction, int capacity, int positions)
      : cache(1, capacity, &eviction),
        layer(cache.layer("mixer", kWidth)) {
    const nn::Parameters none;
    Stream random(3);
    for (int t = 0; t < positions; ++t) {
      for (auto* all : {&keys, &values}) {
        all->emplace_back();
        for (int j = 0; j < kWidth; ++j) all->back().push_back(random.normal());
      }
      const nn::Tensor k = nn::Tensor::of({1, kWidth}, keys.back()),
                       v = nn::Tensor::of({1, kWidth}, values.back());
      cache.append(layer, {k, v, k, none});
    }
  }
};

// x on levels of its group.
double on_levels(double x, const std::vector<double>& group, int bits) {
  const auto [low, high] = std::minmax_element(group.begin(), group.end());
  const double step = (*high - *low) / ((1 << bits) - 1);
  return *low + std::round((x - *low) / step) * step;
}

}  // namespace

TEST_CASE("kivi groups keys by channels and values by tokens, but for the newest") {
  const auto kivi = build<Eviction>("{ use = \"kivi\", group = 4, residual = 8, key_bits = 3 }");
  const Course c(*kivi, 40, 21);
  for (int row = 0; row < 21; ++row) {
    const int t = c.layer.positions[static_cast<std::size_t>(row)];
    for (int j = 0; j < kWidth; ++j) {
      CAPTURE(t);
      CAPTURE(j);
      const auto at = static_cast<std::size_t>(t), channel = static_cast<std::size_t>(j);
      std::vector<double> of_channel, of_token;
      for (std::size_t i = 0; i < 4; ++i) {
        of_channel.push_back(c.keys[at / 4 * 4 + i < 21 ? at / 4 * 4 + i : at][channel]);
        of_token.push_back(c.values[at][channel / 4 * 4 + i]);
      }
      const double key = c.keys[at][channel], value = c.values[at][channel];
      // How far it moved: near the middle between two levels half precision of minimum and step,
      // 2^-11 of numbers up to 4 and of seven steps, may take the other.
      if (t < 16)
        CHECK(std::abs(c.layer.keys.at(row, j) - key) ==
              doctest::Approx(std::abs(on_levels(key, of_channel, 3) - key)).epsilon(0.01));
      else
        CHECK(c.layer.keys.at(row, j) == static_cast<float>(key));
      if (t < 21 - 8)
        CHECK(std::abs(c.layer.values.at(row, j) - value) ==
              doctest::Approx(std::abs(on_levels(value, of_token, 2) - value)).epsilon(0.01));
      else
        CHECK(c.layer.values.at(row, j) == static_cast<float>(value));
    }
  }
}

TEST_CASE("kivi leaves the choice of entries to its eviction, and what it is told to leave exact") {
  for (const std::string inner : {"\"sink-window\"", "\"random\"", "\"h2o\""}) {
    CAPTURE(inner);
    const std::string text =
        "{ use = \"kivi\", group = 2, residual = 4, eviction = " + inner + " }";
    eviction_contract(text);
    const auto plain = build<Eviction>(inner), kivi = build<Eviction>(text);
    CHECK(Course(*kivi, 9, 30).layer.positions == Course(*plain, 9, 30).layer.positions);
  }
  const auto exact = build<Eviction>(
      "{ use = \"kivi\", keys = \"none\", values = \"none\", eviction = \"sink-window\" }");
  unfilled_law(*exact);
  unfilled_law(*build<Eviction>("\"kivi\""));  // fewer positions than stay exact
  CHECK(Course(*exact, 9, 30).layer.keys ==
        Course(*build<Eviction>("\"sink-window\""), 9, 30).layer.keys);
  CHECK(error_of<Eviction>("{ use = \"kivi\", group = 32, residual = 40 }") ==
        "it.residual = 40 is no multiple of group = 32, as channels need");
}
