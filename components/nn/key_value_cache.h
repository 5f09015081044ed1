#pragma once

#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "components/nn/name.h"
#include "components/nn/parameters.h"

namespace assay {
class Eviction;
struct KeptEntries;
}  // namespace assay

namespace assay::nn {

// What the positions that sequences have passed leave behind, layer by layer, so that the next one
// costs one position's work: keys and values of attention, the state of a recurrence. When a
// layer's room for keys is full, an eviction policy says, for each head of each sequence, which
// entry makes place.
class KeyValueCache {
 public:
  // For `batch` sequences that advance together; room for `capacity` positions. Without a policy
  // the oldest make place. The policy must outlive the cache. Throws std::runtime_error where it
  // does not suit the capacity.
  KeyValueCache(int batch, int capacity, const Eviction* eviction = nullptr,
                const Stream& stream = Stream(0));

  int batch() const { return batch_; }
  int position() const { return position_; }  // of the next token
  void advance(int tokens) { position_ += tokens; }
  std::size_t bytes() const;
  // Whether keys are kept as they are, to be turned by Layer::places (Eviction::by_place).
  bool by_place() const { return by_place_; }
  bool reads_attention() const { return reads_attention_; }

  struct Layer {
    Name name;
    Tensor keys, values;  // (batch * capacity) x width
    int heads = 1, window = 0;
    int capacity = 0;
    int stored = 0;                    // entries of each head, in the first rows of each sequence
    int seen = 0;                      // positions that have arrived
    std::vector<int> positions;        // batch x heads x capacity: of each entry in the sequence
    std::vector<int> places;           // (batch * capacity) x heads: how many of the kept are older
    std::vector<float> remembered;     // batch x heads x capacity x numbers of the policy
    std::vector<float> probabilities;  // capacity: room for attended()
    Stream stream{0};
  };
  // The layer of this name, empty at first; a window > 0 keeps no more than that many positions.
  Layer& layer(std::string_view name, int width, int heads = 1, int window = 0);

  // Positions that arrive: (batch * count) x width each, rows of a sequence together.
  struct Arrivals {
    const Tensor &keys, &values;
    const Tensor& hidden;  // what the layer mixes
    const Parameters& parameters;
  };
  // Adds positions to a layer. Of those that saw each other alone (a prompt), `pattern` may tell
  // the probabilities of their attention: batch x heads x count x count.
  void append(Layer& layer, const Arrivals& arrivals, std::span<const float> pattern = {});
  // Tells the policy the probabilities that the last position gave to the kept entries: batch x
  // heads x stored.
  void attended(Layer& layer, std::span<const float> pattern) const;

  // What a layer hands on besides keys and values, whatever its shape: zeros where sequences begin.
  // The reference stays valid. Throws std::logic_error where it had another shape before.
  Tensor& state(std::string_view name, Shape shape);

 private:
  struct Head;
  KeptEntries kept(Layer& layer, const Head& head, int now) const;
  int row_for(Layer& layer, const Head& head, const Arrivals& arrivals, std::int64_t from) const;
  void enter(Layer& layer, const Head& head, const Arrivals& arrivals, std::int64_t from) const;

  int batch_, capacity_;
  const Eviction* eviction_;
  Stream stream_;
  bool by_place_, reads_attention_;
  std::size_t numbers_;
  int position_ = 0;
  std::deque<Layer> layers_;
  std::deque<std::pair<Name, Tensor>> states_;
};

}  // namespace assay::nn
