#include "runner/analyse/attribution.h"

#include <bit>
#include <cmath>

namespace assay::analyse {

namespace {

using design::Subset;

Subset bit(int part) {
  return Subset{1} << part;
}

// A weighted sum of systems, in each replicate that has all of them.
struct Term {
  Subset system;
  double weight;
};

Worth contrast(const Measurements& measured, std::span<const Term> terms) {
  Worth out;
  for (std::size_t r = 0; r < measured.replicates; ++r) {
    double sum = 0.0;
    bool whole = true;
    for (const Term& term : terms) {
      const auto value = measured.value(term.system, r);
      whole = value.has_value();
      if (!whole) break;
      sum += term.weight * *value;
    }
    if (!whole) continue;
    out.values.push_back(sum);
    out.replicates.push_back(r);
  }
  return out;
}

Worth difference(const Measurements& measured, Subset with, Subset without) {
  const Term terms[] = {{with, 1.0}, {without, -1.0}};
  return contrast(measured, terms);
}

}  // namespace

Worth removal_effect(const Measurements& measured, Subset from, int part) {
  return difference(measured, from, from & ~bit(part));
}

std::vector<Worth> removal_effects(const Measurements& measured) {
  std::vector<Worth> out;
  const Subset full = design::full_system(measured.parts);
  for (int i = 0; i < measured.parts; ++i)
    out.push_back(difference(measured, full, full & ~bit(i)));
  return out;
}

std::vector<Worth> addition_effects(const Measurements& measured) {
  std::vector<Worth> out;
  for (int i = 0; i < measured.parts; ++i) out.push_back(difference(measured, bit(i), 0));
  return out;
}

std::vector<Worth> path_effects(const Measurements& measured, const std::vector<int>& order) {
  std::vector<Worth> out(static_cast<std::size_t>(measured.parts));
  Subset left = design::full_system(measured.parts);
  for (const int part : order) {
    out[static_cast<std::size_t>(part)] = difference(measured, left, left & ~bit(part));
    left &= ~bit(part);
  }
  return out;
}

namespace {

// The contrast whose sign in a system is the parity of the absent parts among `of`, scaled so that
// a system that differs by all of them would differ by 1.
Worth factorial_contrast(const Measurements& measured, std::span<const Subset> systems, Subset of) {
  const double scale = std::exp2(std::popcount(of)) / static_cast<double>(systems.size());
  std::vector<Term> terms;
  for (const Subset system : systems)
    terms.push_back({system, std::popcount(of & ~system) % 2 == 0 ? scale : -scale});
  return contrast(measured, terms);
}

}  // namespace

std::vector<Worth> main_effects(const Measurements& measured, std::span<const Subset> systems) {
  std::vector<Worth> out;
  for (int i = 0; i < measured.parts; ++i)
    out.push_back(factorial_contrast(measured, systems, bit(i)));
  return out;
}

std::vector<Interaction> factorial_interactions(const Measurements& measured,
                                                const design::AblationPoints& points) {
  std::vector<Interaction> out;
  for (int i = 0; i < measured.parts; ++i) {
    for (int j = i + 1; j < measured.parts; ++j) {
      const Subset both = bit(i) | bit(j);
      Interaction& one = out.emplace_back();
      one.first = i, one.second = j;
      one.effect = factorial_contrast(measured, points.subsets, both);
      for (const Subset word : points.words)
        if (std::popcount(word ^ both) == 2)
          one.aliases.emplace_back(std::countr_zero(word ^ both), std::bit_width(word ^ both) - 1);
    }
  }
  return out;
}

std::vector<Interaction> removal_interactions(const Measurements& measured) {
  std::vector<Interaction> out;
  const Subset full = design::full_system(measured.parts);
  for (int i = 0; i < measured.parts; ++i) {
    for (int j = i + 1; j < measured.parts; ++j) {
      const Term terms[] = {{full, 1.0},
                            {full & ~bit(j), -1.0},
                            {full & ~bit(i), -1.0},
                            {full & ~bit(i) & ~bit(j), 1.0}};
      out.push_back({i, j, contrast(measured, terms), {}});
    }
  }
  return out;
}

namespace {

// The weight of a system of n - 1 other parts, `there` of which are present:
// there! (n - 1 - there)! / n!.
double shapley_weight(int there, int parts) {
  return std::exp(std::lgamma(there + 1) + std::lgamma(parts - there) - std::lgamma(parts + 1));
}

std::vector<Worth> exact_shapley(const Measurements& measured) {
  std::vector<Worth> out;
  const Subset full = design::full_system(measured.parts);
  for (int i = 0; i < measured.parts; ++i) {
    std::vector<Term> terms;
    for (Subset others = 0; others <= full; ++others) {
      if (others & bit(i)) continue;
      const double weight = shapley_weight(std::popcount(others), measured.parts);
      terms.push_back({others | bit(i), weight});
      terms.push_back({others, -weight});
    }
    out.push_back(contrast(measured, terms));
  }
  return out;
}

// What a part adds in one order of removal, in every replicate; nothing where a system is missing.
std::vector<std::optional<double>> marginal(const Measurements& measured,
                                            const std::vector<int>& order, int part) {
  Subset with = design::full_system(measured.parts);
  for (const int removed : order) {
    if (removed == part) break;
    with &= ~bit(removed);
  }
  std::vector<std::optional<double>> out(measured.replicates);
  for (std::size_t r = 0; r < measured.replicates; ++r) {
    const auto high = measured.value(with, r), low = measured.value(with & ~bit(part), r);
    if (high && low) out[r] = *high - *low;
  }
  return out;
}

double standard_error(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  if (values.size() < 2) return std::numeric_limits<double>::infinity();
  double mean = 0.0, squares = 0.0;
  for (const double value : values) mean += value / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (n - 1) / n);
}

Worth sampled_shapley(const Measurements& measured, std::span<const std::vector<int>> orders,
                      int part) {
  std::vector<std::vector<std::optional<double>>> by_order;
  for (const auto& order : orders) by_order.push_back(marginal(measured, order, part));
  Worth out;
  for (std::size_t r = 0; r < measured.replicates; ++r) {
    double sum = 0.0;
    bool whole = true;
    for (const auto& values : by_order) {
      whole = whole && values[r].has_value();
      sum += values[r].value_or(0.0);
    }
    if (!whole) continue;
    out.values.push_back(sum / static_cast<double>(orders.size()));
    out.replicates.push_back(r);
  }
  // An order and its reverse are not independent: their mean is one draw.
  std::vector<double> draws;
  for (std::size_t o = 0; o + 1 < by_order.size(); o += 2) {
    double sum = 0.0;
    for (const std::size_t r : out.replicates) sum += *by_order[o][r] + *by_order[o + 1][r];
    draws.push_back(sum / (2.0 * static_cast<double>(out.replicates.size())));
  }
  out.sampling_error = standard_error(draws);
  return out;
}

}  // namespace

std::vector<Worth> shapley_values(const Measurements& measured,
                                  std::span<const std::vector<int>> orders) {
  if (orders.empty()) return exact_shapley(measured);
  std::vector<Worth> out;
  for (int i = 0; i < measured.parts; ++i) out.push_back(sampled_shapley(measured, orders, i));
  return out;
}

}  // namespace assay::analyse
