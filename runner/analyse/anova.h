#pragma once

#include <span>
#include <string>
#include <vector>

// Analysis of variance of a balanced factorial design with any number of factors.
namespace assay::analyse {

struct Factor {
  std::string name;
  std::size_t levels = 2;
};

struct Observation {
  std::vector<std::size_t> levels;  // one for each factor, from 0
  std::size_t replicate = 0;
  double value = 0.0;
};

struct AnovaRow {
  std::string source;  // "a", "a:b", "replicate", "error"
  double squares = 0.0;
  double freedom = 0.0;
  double f = 0.0;                    // of the error row: 0
  double p = 1.0;                    // of the error row: 1
  double partial_eta_squared = 0.0;  // squares / (squares + error squares); of the error row: 0
};

struct AnovaOptions {
  std::size_t order = 2;  // interactions of so many factors are sources; higher ones go into error
  bool blocks = true;  // replicates are a source of their own (common random numbers), else error
};

// Fixed effects, sums of squares by sweeping out the means of each source in turn (Fisher 1925),
// which in a balanced design does not depend on the order. Rows: sources by number of factors,
// then in the order of the factors; then "replicate" with blocks; last "error".
// Assumes: independent normal residuals of equal variance, no interaction of what is pooled into
// error.
// Choose it for factorial ablations: which parts matter, and do they depend on each other?
// Partial eta squared (Cohen 1973): a source's share of what it and the error make up.
// No error left over (noise-free values): F infinite and p = 0 for sources that vary, else F = 0,
// p = 1.
// Refused with a message: cells that are missing or doubled, levels out of range, no degrees of
// freedom left for the error.
std::vector<AnovaRow> anova(std::span<const Factor> factors,
                            std::span<const Observation> observations, AnovaOptions options);

}  // namespace assay::analyse
