#pragma once

#include <vector>

#include "runner/registry/random.h"

namespace assay::stages {

// Rows of minibatches drawn without replacement: each epoch is a new random order of 0 … count-1,
// and a rest too small for a batch is left out of its epoch.
class Minibatches {
 public:
  Minibatches(Stream order, int count, int batch)
      : order_(order),
        count_(count),
        batch_(std::min(batch, count)) {}

  // As after `steps` calls of next().
  void skip(int steps) {
    const int in_epoch = batch_ > 0 ? count_ / batch_ : 1;
    epochs_ = static_cast<std::uint64_t>(steps / in_epoch);
    epoch_.clear();
    for (int i = steps % in_epoch; i > 0; --i) (void)next();
  }
  // Valid until the next call.
  const std::vector<int>& next() {
    if (static_cast<int>(epoch_.size()) < batch_)
      epoch_ = order_.fork("epoch", epochs_++).permutation(count_);
    rows_.assign(epoch_.end() - batch_, epoch_.end());
    epoch_.resize(epoch_.size() - static_cast<std::size_t>(batch_));
    return rows_;
  }

 private:
  Stream order_;
  int count_, batch_;
  std::uint64_t epochs_ = 0;
  std::vector<int> epoch_, rows_;
};

// Steps between two points of a training's curve, so that it has about fifty.
inline int curve_interval(int steps) {
  return std::max(1, steps / 50);
}

}  // namespace assay::stages
