// 2 mean |x - y| - mean |x - x'| - mean |y - y'| of samples x and data y (Szekely and Rizzo 2013,
// eq. 5), pairs of one set being of two different rows, so that it is unbiased and may be below 0.
// It is 0 for equal distributions alone, and needs no bandwidth.
#include <cmath>

#include "components/metrics/distances.h"

namespace assay::metrics {
namespace {

struct EnergyDistance final : DistanceMetric {
  static constexpr Info kInfo{"energy-distance", 1, "Energy distance of samples and data.",
                              "Szekely and Rizzo 2013 (JSPI 143), eq. 5"};
  static constexpr std::string_view kBetter = "lower";
  static void params(Params<EnergyDistance>& p) { most_param(p); }
  void measure(Evaluation& e, const Sink& sink) const override {
    const Points x = sampled_points(e, kInfo.name, most, 2);
    const Points y = points_like(x, e.examples(), kInfo.name, most, 2);
    const auto distance = [](double square) { return std::sqrt(square); };
    sink("energy-distance",
         2.0 * mean_between(x, y, distance) - mean_within(x, distance) - mean_within(y, distance));
  }
};
ASSAY_REGISTER(Metric, EnergyDistance);

}  // namespace
}  // namespace assay::metrics
