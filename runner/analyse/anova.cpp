#include "runner/analyse/anova.h"

#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace assay::analyse {

namespace {

using Subset = std::vector<std::size_t>;  // of factors, ascending

[[noreturn]] void refuse(const std::string& what) {
  throw std::runtime_error("analysis of variance: " + what);
}

std::string cell_text(std::span<const Factor> factors, std::size_t cell) {
  std::string out;
  for (std::size_t f = factors.size(); f-- > 0; cell /= factors[f].levels)
    out.insert(0, (f > 0 ? ", " : "") + factors[f].name + " = level " +
                      std::to_string(cell % factors[f].levels + 1));
  return out;
}

std::size_t cell_of(std::span<const Factor> factors, const Observation& observation) {
  if (observation.levels.size() != factors.size())
    refuse("an observation needs a level for each of the " + std::to_string(factors.size()) +
           " factors");
  std::size_t cell = 0;
  for (std::size_t f = 0; f < factors.size(); ++f) {
    if (observation.levels[f] >= factors[f].levels)
      refuse("factor " + factors[f].name + " has " + std::to_string(factors[f].levels) +
             " levels, not level " + std::to_string(observation.levels[f] + 1));
    cell = cell * factors[f].levels + observation.levels[f];
  }
  return cell;
}

// The values in the order replicate, then cell: sums do not depend on the order of arrival.
struct Balanced {
  std::size_t cells = 1;
  std::size_t replicates = 0;
  std::vector<double> values;
};

Balanced balanced(std::span<const Factor> factors, std::span<const Observation> observations) {
  Balanced out;
  for (const Factor& factor : factors) {
    if (factor.levels < 2) refuse("factor " + factor.name + " needs at least two levels");
    out.cells *= factor.levels;
  }
  for (const Observation& one : observations)
    out.replicates = std::max(out.replicates, one.replicate + 1);
  if (factors.empty() || observations.empty()) refuse("needs factors and observations");
  if (out.replicates > observations.size()) refuse("replicates are not numbered 0, 1, 2 …");
  const double missing = std::numeric_limits<double>::quiet_NaN();
  out.values.assign(out.cells * out.replicates, missing);
  for (const Observation& one : observations) {
    const std::size_t cell = cell_of(factors, one);
    const std::string where =
        cell_text(factors, cell) + ", replicate " + std::to_string(one.replicate);
    if (!std::isfinite(one.value)) refuse("the value at " + where + " is not finite");
    double& value = out.values[one.replicate * out.cells + cell];
    if (!std::isnan(value)) refuse("two values at " + where + "; the design must be balanced");
    value = one.value;
  }
  for (std::size_t i = 0; i < out.values.size(); ++i)
    if (std::isnan(out.values[i]))
      refuse("no value at " + cell_text(factors, i % out.cells) + ", replicate " +
             std::to_string(i / out.cells) + "; the design must be balanced");
  return out;
}

// Subsets of 0 … count - 1 with `size` members, in lexicographic order.
std::vector<Subset> subsets(std::size_t count, std::size_t size) {
  std::vector<Subset> out;
  std::vector<bool> taken(count, false);
  std::fill_n(taken.begin(), size, true);
  do {
    Subset one;
    for (std::size_t f = 0; f < count; ++f)
      if (taken[f]) one.push_back(f);
    out.push_back(one);
  } while (std::prev_permutation(taken.begin(), taken.end()));
  return out;
}

// Takes the mean of each group from its values; gives the sum of squares taken out.
double sweep(std::vector<double>& values, const std::vector<std::size_t>& group,
             std::size_t groups) {
  std::vector<double> mean(groups, 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) mean[group[i]] += values[i];
  const auto size = static_cast<double>(values.size()) / static_cast<double>(groups);
  double squares = 0.0;
  for (double& one : mean) {
    one /= size;
    squares += size * one * one;
  }
  for (std::size_t i = 0; i < values.size(); ++i) values[i] -= mean[group[i]];
  return squares;
}

AnovaRow swept_subset(std::span<const Factor> factors, const Subset& subset, std::size_t cells,
                      std::vector<double>& values) {
  AnovaRow row;
  row.freedom = 1;
  std::vector<std::size_t> group(values.size(), 0);
  std::size_t groups = 1;
  for (const std::size_t f : subset) {
    std::size_t stride = 1;
    for (std::size_t later = f + 1; later < factors.size(); ++later)
      stride *= factors[later].levels;
    for (std::size_t i = 0; i < values.size(); ++i)
      group[i] = group[i] * factors[f].levels + i % cells / stride % factors[f].levels;
    groups *= factors[f].levels;
    row.freedom *= static_cast<double>(factors[f].levels - 1);
    row.source += (row.source.empty() ? "" : ":") + factors[f].name;
  }
  row.squares = sweep(values, group, groups);
  return row;
}

AnovaRow swept_replicates(std::size_t cells, std::vector<double>& values) {
  std::vector<std::size_t> group(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) group[i] = i / cells;
  AnovaRow row;
  row.source = "replicate";
  const std::size_t replicates = values.size() / cells;
  row.freedom = static_cast<double>(replicates) - 1;
  row.squares = sweep(values, group, replicates);
  return row;
}

void finish(AnovaRow& row, const AnovaRow& error) {
  if (row.squares == 0) return;
  row.partial_eta_squared = row.squares / (row.squares + error.squares);
  row.f = row.squares / row.freedom / (error.squares / error.freedom);
  row.p = 0.0;
  if (std::isfinite(row.f))
    row.p = boost::math::cdf(
        boost::math::complement(boost::math::fisher_f(row.freedom, error.freedom), row.f));
}

}  // namespace

std::vector<AnovaRow> anova(std::span<const Factor> factors,
                            std::span<const Observation> observations, AnovaOptions options) {
  Balanced design = balanced(factors, observations);
  std::vector<double>& values = design.values;
  double total = 0.0;
  for (const double value : values) total += value * value;
  // What remains of numbers that cancel is rounding, not variance.
  const auto cleaned = [&](double squares) { return squares <= 1e-26 * total ? 0.0 : squares; };
  sweep(values, std::vector<std::size_t>(values.size(), 0), 1);
  std::vector<AnovaRow> rows;
  for (std::size_t order = 1; order <= std::min(options.order, factors.size()); ++order)
    for (const Subset& subset : subsets(factors.size(), order))
      rows.push_back(swept_subset(factors, subset, design.cells, values));
  if (options.blocks && design.replicates > 1)
    rows.push_back(swept_replicates(design.cells, values));
  AnovaRow error;
  error.source = "error";
  error.freedom = static_cast<double>(values.size()) - 1;
  for (const AnovaRow& row : rows) error.freedom -= row.freedom;
  if (error.freedom < 1)
    refuse(
        "no degrees of freedom are left for the error; take replicates, or pool the highest "
        "interactions");
  for (const double value : values) error.squares += value * value;
  error.squares = cleaned(error.squares);
  for (AnovaRow& row : rows) {
    row.squares = cleaned(row.squares);
    finish(row, error);
  }
  rows.push_back(error);
  return rows;
}

}  // namespace assay::analyse
