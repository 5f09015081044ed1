// Squared maximum mean discrepancy of samples and data,
//   mean k(x, x') + mean k(y, y') - 2 mean k(x, y),  k(x, y) = exp(-|x - y|² / (2 b²)),
// pairs of one set being of two different rows: the unbiased estimate, which may be below 0
// (Gretton et al. 2012, eq. 3). b is the median distance of two data, so that it does not depend
// on the samples; Gretton et al. take the median over both sets.
#include <algorithm>
#include <cmath>

#include "components/metrics/distances.h"

namespace assay::metrics {
namespace {

struct Mmd final : DistanceMetric {
  static constexpr Info kInfo{"mmd", 1, "Squared maximum mean discrepancy of samples and data.",
                              "Gretton et al. 2012 (JMLR 13), eq. 3"};
  static constexpr std::string_view kBetter = "lower";
  static void params(Params<Mmd>& p) { most_param(p); }

  static double median_square(const Points& points) {
    std::vector<double> squares;
    for (int i = 0; i < points.count; ++i)
      for (int j = 0; j < i; ++j) squares.push_back(squared_distance(points, i, points, j));
    const auto middle = squares.begin() + static_cast<std::ptrdiff_t>(squares.size() / 2);
    std::nth_element(squares.begin(), middle, squares.end());
    return *middle;
  }

  void measure(Evaluation& e, const Sink& sink) const override {
    const Points x = sampled_points(e, kInfo.name, most, 2);
    const Points y = points_like(x, e.examples(), kInfo.name, most, 2);
    const double width = 2.0 * median_square(y);
    if (width <= 0.0) throw std::runtime_error("mmd: half of the data are the same");
    const auto kernel = [&](double square) { return std::exp(-square / width); };
    sink("mmd", mean_within(x, kernel) + mean_within(y, kernel) - 2.0 * mean_between(x, y, kernel));
  }
};
ASSAY_REGISTER(Metric, Mmd);

}  // namespace
}  // namespace assay::metrics
