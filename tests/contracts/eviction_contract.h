#pragma once

#include <set>

#include "components/evictions/eviction.h"
#include "components/nn/key_value_cache.h"
#include "tests/contracts/mixer_contract.h"

namespace assay::testing {

// Sequences that pass through a cache of one layer: keys, values and hidden features by position,
// and probabilities of each query, all drawn from one seed. `sequences` are named, so that a
// sequence is the same in any batch.
class EvictionCourse {
 public:
  static constexpr int kHeads = 2, kWidth = 4;

  EvictionCourse(const Eviction& eviction, std::vector<int> sequences, int capacity,
                 std::uint64_t draws = 1)
      : sequences_(std::move(sequences)),
        cache_(static_cast<int>(sequences_.size()), capacity, &eviction, Stream(draws)),
        layer_(cache_.layer("mixer", kWidth, kHeads)) {}

  static std::vector<double> normals(int sequence, int position, const char* what, int count) {
    Stream stream(7, static_cast<std::uint64_t>(sequence), what, std::to_string(position));
    std::vector<double> out;
    for (int i = 0; i < count; ++i) out.push_back(stream.normal());
    return out;
  }
  nn::Tensor rows(const char* what) const {
    std::vector<double> all;
    for (const int s : sequences_)
      for (const double x : normals(s, layer_.seen, what, kWidth)) all.push_back(x);
    return nn::Tensor::of({static_cast<int>(sequences_.size()), kWidth}, all);
  }
  void advance() {
    const nn::Tensor keys = rows("keys"), values = rows("values"), hidden = rows("hidden");
    cache_.append(layer_, {keys, values, hidden, parameters_});
    std::vector<float> pattern;
    for (const int s : sequences_)
      for (int h = 0; h < kHeads; ++h) {
        const auto logits = normals(s * kHeads + h, layer_.seen, "pattern", layer_.stored);
        double total = 0.0;
        for (const double x : logits) total += std::exp(2.0 * x);
        for (const double x : logits)
          pattern.push_back(static_cast<float>(std::exp(2.0 * x) / total));
      }
    cache_.attended(layer_, pattern);
  }
  // Of one head of one of the sequences, by rows.
  std::vector<int> positions(int b, int head) const {
    const auto at = layer_.positions.begin() + std::ptrdiff_t{b * kHeads + head} * layer_.capacity;
    return {at, at + layer_.stored};
  }
  const nn::KeyValueCache::Layer& layer() const { return layer_; }
  const std::vector<int>& sequences() const { return sequences_; }

 private:
  std::vector<int> sequences_;
  nn::Parameters parameters_;
  nn::KeyValueCache cache_;
  nn::KeyValueCache::Layer& layer_;
};

// A head holds keys and values of as many different positions as there is room, that which came
// last among them, and as they came unless the policy rewrites them; places are their order.
inline void kept_laws(const EvictionCourse& course, const Eviction& eviction) {
  using Course = EvictionCourse;
  const auto& layer = course.layer();
  for (int b = 0; b < static_cast<int>(course.sequences().size()); ++b)
    for (int h = 0; h < Course::kHeads; ++h) {
      const std::vector<int> kept = course.positions(b, h);
      const std::set<int> different(kept.begin(), kept.end());
      CHECK(different.size() == static_cast<std::size_t>(std::min(layer.seen, layer.capacity)));
      CHECK(*different.rbegin() == layer.seen - 1);
      for (int row = 0; row < layer.stored; ++row) {
        const int position = kept[static_cast<std::size_t>(row)], part = Course::kWidth / 2,
                  sequence = course.sequences()[static_cast<std::size_t>(b)];
        const auto keys = Course::normals(sequence, position, "keys", Course::kWidth),
                   values = Course::normals(sequence, position, "values", Course::kWidth);
        for (int j = h * part; j < (h + 1) * part && !eviction.rewrites(); ++j) {
          const auto at = static_cast<std::size_t>(j);
          CHECK(layer.keys.at(b * layer.capacity + row, j) == static_cast<float>(keys[at]));
          CHECK(layer.values.at(b * layer.capacity + row, j) == static_cast<float>(values[at]));
        }
        if (!eviction.by_place()) continue;
        const auto place = std::distance(different.begin(), different.find(position));
        CHECK(layer.places[static_cast<std::size_t>((b * layer.capacity + row) * Course::kHeads +
                                                    h)] == place);
      }
    }
}

// Attention through a cache that is never full is attention, whatever the policy.
inline void unfilled_law(const Eviction& eviction) {
  const auto mixer = build<Mixer>("{ use = \"attention\", heads = 2 }");
  nn::Parameters parameters;
  mixer->declare(parameters, "mixer", 4, Stream(3));
  const int length = 12;
  const nn::Tensor x = nn::Tensor::normal({2 * length, 4}, 1.0, Stream(4));
  for (const int begin : {1, 5})
    cache_law(*mixer, parameters, x, length, mix(*mixer, parameters, x, length), &eviction, begin);
}

// Nothing goes while there is room. A full cache drops one entry of each head for the one that
// arrives, or refuses by std::runtime_error (what "full" is for); the same again for the same
// stream, and where nothing is drawn for any stream, and for a sequence whatever others are beside
// it. A cache of 12 positions must suit the policy.
inline void eviction_contract(const std::string& text) {
  CAPTURE(text);
  constexpr int kCapacity = 12;
  const auto eviction = build<Eviction>(text);
  config_contract(*eviction);
  REQUIRE(eviction->check_capacity(kCapacity) == "");
  if (!eviction->rewrites()) unfilled_law(*eviction);
  const bool drawn = draws("eviction", text);
  EvictionCourse course(*eviction, {0, 1, 2}, kCapacity), again(*eviction, {0, 1, 2}, kCapacity),
      other(*eviction, {0, 1, 2}, kCapacity, 2), alone(*eviction, {1}, kCapacity);
  for (int t = 0; t < 4 * kCapacity; ++t) {
    try {
      course.advance();
    } catch (const std::runtime_error&) {
      CHECK(t == kCapacity);
      return;
    }
    kept_laws(course, *eviction);
    again.advance();
    CHECK(again.layer().positions == course.layer().positions);
    if (drawn) continue;
    other.advance();
    alone.advance();
    CHECK(other.layer().positions == course.layer().positions);
    for (int h = 0; h < EvictionCourse::kHeads; ++h)
      CHECK(alone.positions(0, h) == course.positions(1, h));
  }
}

}  // namespace assay::testing
