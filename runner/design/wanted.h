#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace assay::design {

// Which cells of a study are to be run: of each variant its first seeds, as many as stand here. A
// study that decides nothing from results wants all seeds of all variants, and no memory for it.
class Wanted {
 public:
  explicit Wanted(std::uint64_t seeds) : everywhere_(seeds) {}
  static Wanted nothing(std::uint64_t variants) {
    Wanted out(0);
    out.by_variant_.resize(variants);
    return out;
  }

  std::uint64_t seeds(std::uint64_t variant) const {
    return by_variant_.empty() ? everywhere_ : by_variant_[variant];
  }
  // Requires that it began with nothing.
  void raise(std::uint64_t variant, std::uint64_t seeds) {
    by_variant_[variant] = std::max(by_variant_[variant], seeds);
  }

 private:
  std::uint64_t everywhere_;
  std::vector<std::uint64_t> by_variant_;  // empty: all alike
};

}  // namespace assay::design
