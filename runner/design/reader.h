#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "runner/design/design.h"
#include "runner/design/expression.h"

namespace assay::design {

// An axis value that a `when` block asks for.
struct Condition {
  int axis = 0;
  std::size_t path = 0;
  std::vector<Value> allowed;

  bool allows(const Value& value) const;
};

// A sweep is a product of factors; each point of a factor sets some axes. A grid axis is a factor
// with a point for each value; a union has the points of its sub-grids; `when` has conditions.
struct Factor {
  using Point = std::vector<std::pair<int, int>>;  // axis, value
  std::vector<Point> points;
  std::vector<Condition> conditions;
  std::map<int, Position> axes;  // that it sets, and where
};

struct Sweep {
  std::vector<Axis> axes;
  std::vector<Factor> factors;
  std::vector<std::shared_ptr<const Expression>> exclude;
  Position exclude_where;
  std::vector<std::pair<std::size_t, std::size_t>> names;  // of expressions: axis, path
};

Sweep read_sweep(const Value& sweep, std::uint64_t study_seed, Diagnostics& out,
                 const std::optional<Axis>& systems);

// Reports paths that two axes set in one variant: by the same path, or by a component value that
// holds what another axis sets inside it.
void find_clashes(const Sweep& sweep, Diagnostics& out);

// [[sweep.variants]]: one axis whose labels are their names.
Axis read_variants(const std::vector<const Value*>& rows, Diagnostics& out);

// [sweep.sample]: one axis, the distinct points of the design. Nothing where it has mistakes.
std::optional<Axis> read_sample(const Value& sample, std::uint64_t study_seed, Diagnostics& out);

// Numbers in [0, 1) for a random design: count x dimensions. Random, Latin hypercube (McKay et al.
// 1979; one point in each of `count` strata of every dimension) or Sobol (Boost.Random).
enum class SampleMethod { kRandom, kLatinHypercube, kSobol };
const std::vector<std::string>& sample_methods();  // as studies write them
std::vector<std::vector<double>> unit_samples(SampleMethod method, std::size_t count,
                                              std::size_t dimensions, std::uint64_t seed);

}  // namespace assay::design
