#pragma once

#include <cstdint>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

namespace assay {

// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, Random123), keyed by what the
// numbers are for. No global state: a stream depends on its key and on how much was drawn from it.
class Stream {
 public:
  explicit Stream(std::uint64_t key) : key_(key) {}
  // The stream of (study seed, replicate, stage, purpose).
  Stream(std::uint64_t seed, std::uint64_t replicate, std::string_view stage,
         std::string_view purpose);

  // An independent stream named by `purpose` (and index); does not advance this one.
  Stream fork(std::string_view purpose, std::uint64_t index = 0) const;

  std::uint32_t bits();
  // Uniform in [0, 1), 53 random bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  // Standard normal (Box-Muller; both of each pair are used).
  double normal();
  // Uniform in 0 … bound-1, without bias. Requires bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // Standard Gumbel: -log(-log(u)).
  double gumbel();

  // Fisher-Yates.
  template <class Items>
  void shuffle(Items&& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }
  // A random order of 0 … count-1.
  std::vector<int> permutation(int count) {
    std::vector<int> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    shuffle(order);
    return order;
  }

 private:
  void refill();

  std::uint64_t key_;
  std::uint64_t counter_ = 0;
  std::uint32_t buffer_[4] = {};
  int used_ = 4;
  double spare_normal_ = 0.0;
  bool has_spare_ = false;
};

}  // namespace assay
