#include "runner/analyse/equivalence.h"

#include <cmath>
#include <sstream>
#include <stdexcept>

#include "runner/analyse/intervals.h"
#include "runner/analyse/paired.h"
#include "runner/analyse/welch.h"

namespace assay::analyse {

namespace {

void require_sizes(double margin, double alpha, bool zero_allowed) {
  if (!(alpha > 0 && alpha < 0.5)) {
    std::ostringstream message;
    message << "alpha = " << alpha << " is out of range; allowed: above 0 and below 0.5";
    throw std::runtime_error(message.str());
  }
  if (std::isfinite(margin) && (margin > 0 || (zero_allowed && margin == 0))) return;
  std::ostringstream message;
  message << "margin = " << margin
          << " is out of range; allowed: " << (zero_allowed ? "at least" : "above") << " 0, finite";
  throw std::runtime_error(message.str());
}

// `test(side, shift)`.
template <class Test>
Outcome two_one_sided(double margin, const Test& test) {
  const Outcome low = test(Alternative::kGreater, -margin);
  const Outcome high = test(Alternative::kLess, margin);
  return low.p >= high.p ? low : high;
}

}  // namespace

Equivalence equivalent(std::span<const double> differences, double margin, double alpha) {
  require_sizes(margin, alpha, false);
  return {two_one_sided(margin, [&](Alternative side,
                                    double shift) { return paired_t(differences, side, shift); }),
          t_interval(differences, 1 - 2 * alpha)};
}

Equivalence equivalent(std::span<const double> a, std::span<const double> b, double margin,
                       double alpha) {
  require_sizes(margin, alpha, false);
  return {two_one_sided(margin,
                        [&](Alternative side, double shift) { return welch(a, b, side, shift); }),
          welch_interval(a, b, 1 - 2 * alpha)};
}

Equivalence not_inferior(std::span<const double> differences, double margin, double alpha) {
  require_sizes(margin, alpha, true);
  return {paired_t(differences, Alternative::kGreater, -margin),
          t_interval(differences, 1 - 2 * alpha)};
}

Equivalence not_inferior(std::span<const double> a, std::span<const double> b, double margin,
                         double alpha) {
  require_sizes(margin, alpha, true);
  return {welch(a, b, Alternative::kGreater, -margin), welch_interval(a, b, 1 - 2 * alpha)};
}

}  // namespace assay::analyse
