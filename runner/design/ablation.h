#pragma once

#include <cstdint>
#include <vector>

#include "runner/registry/random.h"

namespace assay::design {

// A system of an ablation: bit i is set where part i is there.
using Subset = std::uint64_t;
constexpr int kMostParts = 62;

Subset full_system(int parts);

// The systems that an ablation runs, each once, the full one first.
struct AblationPoints {
  std::vector<Subset> subsets;
  // Orders in which parts are removed from the full system: of a path its own, of Shapley values
  // by sampling the permutations. Empty elsewhere.
  std::vector<std::vector<int>> orders;
  // Of a fractional factorial: the effects that are held for a constant, as sets of parts. An
  // effect is told apart from another one unless their symmetric difference is among them.
  std::vector<Subset> words;
};

// The full system, and it without each part alone.
AblationPoints leave_one_out(int parts);
// The bare system, it with each part alone, and the full one.
AblationPoints add_one_in(int parts);
// Parts removed one after the other, in this order.
AblationPoints removal_path(const std::vector<int>& order);
// Every system, those that lack fewer parts first: what a path may come to whose order is found on
// the way. Requires parts <= kMostGreedy.
constexpr int kMostGreedy = 12;
AblationPoints any_path(int parts);
// The full system, it without each part, and it without each two parts.
AblationPoints pairs(int parts);
// All 2^parts systems. Requires parts <= kMostFactors.
constexpr int kMostFactors = 20;
AblationPoints full_factorial(int parts);
// The smallest regular fraction that holds the full system, of resolution 4 (main effects are told
// apart from interactions of two parts) or 5 (those too from each other): a linear code of that
// minimum distance (Box and Hunter 1961). All systems where no fraction has the resolution.
AblationPoints fractional_factorial(int parts, int resolution);
// All 2^parts systems up to kMostExact parts; else the systems along `permutations` random orders
// and their reverses, which lowers the variance (Mitchell et al. 2022, "antithetic").
constexpr int kMostExact = 8;
AblationPoints shapley(int parts, int permutations, Stream stream);

}  // namespace assay::design
