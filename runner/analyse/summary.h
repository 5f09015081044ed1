#pragma once

#include <span>

namespace assay::analyse {

// Of the values of one variant over its seeds.
struct Summary {
  std::size_t count = 0;
  double mean = 0.0;
  double deviation = 0.0;  // sample standard deviation (n - 1); 0 for fewer than two values
  double median = 0.0;     // the mean of the middle two where their number is even
  double minimum = 0.0;
  double maximum = 0.0;
};

// Two passes in the order given, so that the bits do not depend on how results arrived.
Summary summarise(std::span<const double> values);

// Half the width of Student's 95% interval for the mean, t(0.975, n - 1) * sd / sqrt(n). Infinite
// for fewer than two values: one value says nothing about its spread.
double half_width_95(const Summary& summary);

}  // namespace assay::analyse
