#pragma once

#include "runner/analyse/claims.h"

namespace assay::analyse {

// Seeds of two variants that share their noise, apart by `effect` and some noise of their own.
inline Evidence simulated(Stream& random, std::size_t seeds, double effect, double noise = 0.5) {
  Evidence out;
  out.sides.resize(2);
  for (std::size_t r = 0; r < seeds; ++r) {
    const double common = random.normal();
    out.sides[0].push_back(common + effect + noise * random.normal());
    out.sides[1].push_back(common + noise * random.normal());
  }
  return out;
}

}  // namespace assay::analyse
