#pragma once

#include <span>

namespace assay::analyse {

// Of the values of one variant over its seeds.
struct Summary {
  std::size_t count = 0;
  double mean = 0.0;
  double deviation = 0.0;  // sample standard deviation (n - 1); 0 for fewer than two values
};

// Two passes in the order given, so that the bits do not depend on how results arrived.
Summary summarise(std::span<const double> values);

}  // namespace assay::analyse
