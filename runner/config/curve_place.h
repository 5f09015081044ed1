#pragma once

#include <optional>
#include <string>

namespace assay::config {

// A number of a curve in the place of a metric: "base.loss@500" is the curve's value at step 500,
// straight between its points; "base.loss@100..500" its mean height from step 100 to 500.
struct CurvePlace {
  std::string curve;  // "base.loss"
  double low = 0.0, high = 0.0;
};

// Nothing where the text has no `@`: a metric. `wrong` says what is wrong with what stands behind
// it.
std::optional<CurvePlace> curve_place(const std::string& metric, std::string& wrong);

}  // namespace assay::config
