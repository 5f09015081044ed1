#pragma once

#include "components/metrics/metric.h"
#include "runner/registry/registry.h"

namespace assay {

// The first rows, at most `most`, of a set of points.
struct Points {
  const nn::Tensor* rows = nullptr;  // n x width
  int count = 0;
  int width() const { return rows->shape().back(); }
};

// Samples, and examples that they should be like. Throw std::runtime_error, naming the metric,
// where there are no numbers, where widths differ, or where there are fewer than `least`.
Points sampled_points(const Evaluation& e, std::string_view metric, int most, int least);
Points points_like(const Points& samples, const Examples& examples, std::string_view metric,
                   int most, int least);

// A metric of samples beside data that looks at the first rows of each.
struct DistanceMetric : Metric {
  int most = 1000;

  template <class T>
  static void most_param(Params<T>& p) {
    p.add("most", &DistanceMetric::most)
        .range(2, 100000)
        .unit("rows")
        .doc("Compared: the first of each.");
  }
  std::string_view needs() const override { return "data samples"; }
};

// Squared distance of row i of a and row j of b.
double squared_distance(const Points& a, int i, const Points& b, int j);
// Mean of kernel(squared distance) over all pairs of a row of a and a row of b, and over the pairs
// of two different rows of one set.
template <class Kernel>
double mean_between(const Points& a, const Points& b, const Kernel& kernel) {
  double total = 0.0;
  for (int i = 0; i < a.count; ++i)
    for (int j = 0; j < b.count; ++j) total += kernel(squared_distance(a, i, b, j));
  return total / (static_cast<double>(a.count) * b.count);
}
template <class Kernel>
double mean_within(const Points& a, const Kernel& kernel) {
  double total = 0.0;
  for (int i = 0; i < a.count; ++i)
    for (int j = 0; j < i; ++j) total += kernel(squared_distance(a, i, a, j));
  return total / (0.5 * a.count * (a.count - 1.0));
}

}  // namespace assay
