// Mean distance of two samples over the mean distance of two data: 1 where samples vary as data do,
// 0 where all are the same.
#include <cmath>

#include "components/metrics/distances.h"

namespace assay::metrics {
namespace {

struct SampleDiversity final : DistanceMetric {
  static constexpr Info kInfo{"sample-diversity", 1,
                              "Mean distance of two samples, relative to the data's.", ""};
  static constexpr std::string_view kBetter = "higher";
  static void params(Params<SampleDiversity>& p) { most_param(p); }
  void measure(Evaluation& e, const Sink& sink) const override {
    const Points x = sampled_points(e, kInfo.name, most, 2);
    const Points y = points_like(x, e.examples(), kInfo.name, most, 2);
    const auto distance = [](double square) { return std::sqrt(square); };
    const double of_data = mean_within(y, distance);
    if (of_data <= 0.0) throw std::runtime_error("sample-diversity: all data are the same");
    sink("sample-diversity", mean_within(x, distance) / of_data);
  }
};
ASSAY_REGISTER(Metric, SampleDiversity);

}  // namespace
}  // namespace assay::metrics
