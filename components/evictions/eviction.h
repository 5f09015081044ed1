#pragma once

#include <span>
#include <string>
#include <string_view>

#include "components/nn/parameters.h"
#include "runner/registry/component.h"
#include "runner/registry/random.h"

namespace assay {

// The entries (a key and its value) that one head of one sequence of a layer keeps, by rows of the
// cache, which are in no order.
struct KeptEntries {
  std::span<const int> positions;            // in the sequence, of each row that is in use
  int now = 0;                               // position of the entry that arrives or of the query
  int capacity = 0;                          // rows
  int window = 0;                            // positions that the layer's attention sees; 0: all
  float *keys = nullptr, *values = nullptr;  // row r begins at r * stride
  std::size_t stride = 0, width = 0;
  float* remembered = nullptr;  // rows x numbers
  std::size_t numbers = 0;

  int count() const { return static_cast<int>(positions.size()); }
  int position(int row) const { return positions[static_cast<std::size_t>(row)]; }
  // Keys are turned by their positions, unless the policy turns them by place.
  std::span<const float> key(int row) const { return at(keys, row, stride, width); }
  std::span<const float> value(int row) const { return at(values, row, stride, width); }
  // The same, for a policy that rewrites() them.
  std::span<float> stored_key(int row) const { return at(keys, row, stride, width); }
  std::span<float> stored_value(int row) const { return at(values, row, stride, width); }
  // What the policy remembers of an entry; zeros when it arrives.
  std::span<float> memory(int row) const { return at(remembered, row, numbers, numbers); }

 private:
  template <class T>
  static std::span<T> at(T* data, int row, std::size_t step, std::size_t count) {
    return {data + static_cast<std::size_t>(row) * step, count};
  }
};

// The entry that arrives.
struct Arrival {
  std::string_view layer;  // the name of the mixer, as in its parameters
  int head = 0;
  std::span<const float> key, value;
  std::span<const float> hidden;     // what the layer mixes at this position, for all heads
  const nn::Parameters& parameters;  // of the model, for scores that are learnt
};

// Decides which entry of a full key-value cache makes place for the one that arrives: for each head
// of each sequence alone, from what that head keeps, so that heads may keep different positions. An
// entry that arrives is always kept for its own query. What a policy knows of an entry it remembers
// in the cache (`numbers`); the object itself has no state.
class Eviction : public Component {
 public:
  static constexpr std::string_view kKind = "eviction";
  // What is wrong with a cache of this many positions; empty where it suits.
  virtual std::string check_capacity(int /*capacity*/) const { return {}; }
  // Keys are turned by their place among the kept (oldest 0), as if nothing had been dropped
  // between them (Xiao et al. 2023, section 3.2), rather than by their position in the sequence.
  virtual bool by_place() const { return false; }
  // How many numbers it remembers of an entry.
  virtual int numbers() const { return 0; }
  // An entry has taken its row.
  virtual void arrive(const KeptEntries& /*kept*/, int /*row*/, const Arrival& /*entry*/) const {}
  // Whether arrive() may replace kept keys and values by what a smaller store would give back.
  virtual bool rewrites() const { return false; }
  // Whether attended() is to be called: after each query, with the probabilities that it gave to
  // the kept entries, by rows. A query of a prompt looks at entries that are dropped already, too;
  // then these sum to less than 1.
  virtual bool reads_attention() const { return false; }
  virtual void attended(const KeptEntries& /*kept*/,
                        std::span<const float> /*probabilities*/) const {}
  // The row to drop; all rows are in use.
  virtual int drop(const KeptEntries& kept, const Arrival& entry, Stream& stream) const = 0;
};

namespace evictions {

// The row of the lowest position that is at least `first`. Requires one.
int oldest(const KeptEntries& kept, int first = 0);

}  // namespace evictions

}  // namespace assay
