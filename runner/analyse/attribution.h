#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "runner/design/ablation.h"

namespace assay::analyse {

// What a part is worth, replicate by replicate: the metric with it less the metric without it. The
// values of one replicate share their random numbers, so that tests of pairs apply to `values`.
struct Worth {
  std::vector<double> values;           // one for each replicate in `replicates`
  std::vector<std::size_t> replicates;  // those in which every system that it needs is there
  // Standard error that sampling of orders adds to the mean of `values`; 0 where all were taken.
  double sampling_error = 0.0;
};

// By how much the effect of one part changes when the other is there:
// y(both) - y(first alone) - y(second alone) + y(neither), the other parts as the design has them.
struct Interaction {
  int first = 0, second = 0;
  Worth effect;
  // Pairs that a fraction cannot tell from this one: what is shown is their sum.
  std::vector<std::pair<int, int>> aliases;
};

// What was measured: the metric of a system (bit i: part i is there) in a replicate; nothing where
// the cell failed or did not run.
struct Measurements {
  int parts = 0;
  std::size_t replicates = 0;
  std::function<std::optional<double>(design::Subset system, std::size_t replicate)> value;
};

// The effect of each part against the full system (leave-one-out, pairs).
std::vector<Worth> removal_effects(const Measurements& measured);
// Against the bare system (add-one-in).
std::vector<Worth> addition_effects(const Measurements& measured);
// A part when it is removed from a system that has it.
Worth removal_effect(const Measurements& measured, design::Subset from, int part);
// Each part when it is removed at its place in the order; none where the order lacks it.
std::vector<Worth> path_effects(const Measurements& measured, const std::vector<int>& order);
// Averages over the systems of a factorial, full or a fraction (Box, Hunter and Hunter 2005,
// chapters 5 and 6).
std::vector<Worth> main_effects(const Measurements& measured,
                                std::span<const design::Subset> systems);
std::vector<Interaction> factorial_interactions(const Measurements& measured,
                                                const design::AblationPoints& points);
// Around the full system (pairs).
std::vector<Interaction> removal_interactions(const Measurements& measured);
// Shapley values (Shapley 1953): the effect of a part averaged over the orders in which the system
// may be built. Exact from all 2^parts systems where `orders` is empty; else the mean over the
// orders given, which come in pairs of an order and its reverse. They add up to full less bare.
std::vector<Worth> shapley_values(const Measurements& measured,
                                  std::span<const std::vector<int>> orders);

}  // namespace assay::analyse
