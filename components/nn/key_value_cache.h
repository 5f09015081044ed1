#pragma once

#include <deque>
#include <string_view>

#include "components/nn/name.h"
#include "components/nn/tensor.h"

namespace assay::nn {

// What the positions that sequences have passed leave behind, layer by layer, so that the next one
// costs one position's work: keys and values of attention, the state of a recurrence. When a
// layer's room for keys is full, the oldest position makes place, except for the first `sinks`, on
// which attention leans (Xiao et al. 2023, arXiv:2309.17453).
class KeyValueCache {
 public:
  // For `batch` sequences that advance together; room for `capacity` positions.
  KeyValueCache(int batch, int capacity, int sinks = 0);

  int batch() const { return batch_; }
  int sinks() const { return sinks_; }
  int position() const { return position_; }  // of the next token
  void advance(int tokens) { position_ += tokens; }
  std::size_t bytes() const;

  struct Layer {
    Name name;
    Tensor keys, values;  // (batch * capacity) x width
    int capacity = 0;
    int stored = 0;  // positions, of which keys and values hold the first rows of each sequence
    int oldest = 0;  // the row that makes place next
  };
  // The layer of this name, empty at first; `most` > 0 keeps no more than that many positions.
  Layer& layer(std::string_view name, int width, int most = 0);
  // How many of the positions kept are older than that in a row.
  int place(const Layer& layer, int row) const;
  // Adds positions to a layer: k and v are (batch * count) x width, rows of a sequence together.
  void append(Layer& layer, const Tensor& k, const Tensor& v);

  // What a layer hands on besides keys and values, whatever its shape: zeros where sequences begin.
  // The reference stays valid. Throws std::logic_error where it had another shape before.
  Tensor& state(std::string_view name, Shape shape);

 private:
  int batch_, capacity_, sinks_;
  int position_ = 0;
  std::deque<Layer> layers_;
  std::deque<std::pair<Name, Tensor>> states_;
};

}  // namespace assay::nn
