#include "runner/analyse/summary.h"

#include <cmath>

namespace assay::analyse {

Summary summarise(std::span<const double> values) {
  Summary out;
  out.count = values.size();
  if (values.empty()) return out;
  for (const double value : values) out.mean += value;
  out.mean /= static_cast<double>(values.size());
  double squares = 0.0;
  for (const double value : values) squares += (value - out.mean) * (value - out.mean);
  if (values.size() > 1)
    out.deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return out;
}

}  // namespace assay::analyse
