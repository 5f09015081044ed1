// Samples against the known components of their data. A sample is near where the nearest mean is
// within `within` deviations of it (in all, not in each direction: in many dimensions raise it); a
// component is hit where a near sample has its mean as the nearest (Srivastava et al. 2017, section
// 4.1; a component counts from one sample on). Also the mean log density of the samples.
#include <limits>

#include "components/datasets/gaussian_mixture.h"
#include "components/metrics/distances.h"

namespace assay::metrics {
namespace {

struct ModeCoverage final : Metric {
  static constexpr Info kInfo{
      "mode-coverage", 1, "Share of known components that samples hit, and of samples that hit.",
      "Srivastava et al. 2017, arXiv:1705.07761, section 4.1"};
  static constexpr std::string_view kBetter = "higher";
  double within = 3.0;

  static void params(Params<ModeCoverage>& p) {
    p.add("within", &ModeCoverage::within)
        .above(0)
        .at_most(1000)
        .unit("deviations")
        .doc("Largest distance of a sample from the mean of a component that it hits.");
  }
  std::string_view needs() const override { return "data samples"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const Points x = sampled_points(e, kInfo.name, std::numeric_limits<int>::max(), 1);
    const GaussianMixture mixture = mixture_of(*e.data, kInfo.name);
    if (mixture.width() != x.width())
      throw std::runtime_error("mode-coverage: samples of " + std::to_string(x.width()) +
                               " numbers, components of " + std::to_string(mixture.width()));
    const Points means{&mixture.means, mixture.components()};
    std::vector<bool> hit(static_cast<std::size_t>(means.count));
    int near = 0;
    double log_density = 0.0;
    for (int i = 0; i < x.count; ++i) {
      int nearest = 0;
      for (int k = 1; k < means.count; ++k)
        if (squared_distance(x, i, means, k) < squared_distance(x, i, means, nearest)) nearest = k;
      const double reach = within * mixture.deviations.get(nearest);
      log_density += mixture.log_density(*x.rows, i) / x.count;
      if (squared_distance(x, i, means, nearest) > reach * reach) continue;
      ++near;
      hit[static_cast<std::size_t>(nearest)] = true;
    }
    const auto hits = std::count(hit.begin(), hit.end(), true);
    sink("mode-coverage", static_cast<double>(hits) / means.count);
    sink("mode-coverage-near", static_cast<double>(near) / x.count);
    sink("mode-coverage-log-density", log_density);
  }
};
ASSAY_REGISTER(Metric, ModeCoverage);

}  // namespace
}  // namespace assay::metrics
