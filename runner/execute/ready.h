#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "runner/execute/work.h"

namespace assay::execute {

// Nodes that can run, the longest remaining path first; among equals the first of the study, or
// where `order` is not 0 as that draws.
class ReadyQueue {
 public:
  ReadyQueue(const Work& work, std::uint64_t order) : work_(work), order_(order) {}

  bool empty() const { return items_.empty(); }
  int top() const { return items_.top().node; }
  void pop() { items_.pop(); }
  void push(int node) { items_.push(item(node)); }

  // From now on the longest path is not strictly first: processes that plan alike would go through
  // the study side by side.
  void mix() {
    if (mixed_ || order_ == 0) return;
    mixed_ = true;
    std::priority_queue<Item> again;
    for (; !empty(); pop()) again.push(item(top()));
    items_ = std::move(again);
  }

 private:
  struct Item {
    double path = 0.0, order = 0.0;
    int node = 0;
    bool operator<(const Item& other) const {
      return std::pair(path, order) < std::pair(other.path, other.order);
    }
  };

  Item item(int node) const {
    const double path = work_.nodes[static_cast<std::size_t>(node)].path;
    if (order_ == 0) return {path, static_cast<double>(-node), node};
    return {path * (mixed_ ? 1.0 + draw(node) : 1.0), draw(node), node};
  }

  // Uniform in [0, 1): splitmix64. No result depends on it, so it is none of the study's streams.
  double draw(int node) const {
    std::uint64_t z = order_ + 0x9E3779B97F4A7C15ULL * (static_cast<std::uint64_t>(node) + 1);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1p-53;
  }

  const Work& work_;
  std::uint64_t order_;
  bool mixed_ = false;
  std::priority_queue<Item> items_;
};

}  // namespace assay::execute
