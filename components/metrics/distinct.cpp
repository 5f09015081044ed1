// Share of the n-grams inside the samples that are different ones (Li et al. 2016, section 5.2,
// with all samples taken together): 1 where nothing repeats, near 0 where the same is said again
// and again.
#include <set>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct Distinct final : Metric {
  static constexpr Info kInfo{"distinct", 1, "Share of the n-grams of the samples that differ.",
                              "Li et al. 2016, arXiv:1510.03055, section 5.2"};
  static constexpr std::string_view kBetter = "higher";
  int n = 3;

  static void params(Params<Distinct>& p) {
    p.add("n", &Distinct::n).range(1, 64).unit("tokens").doc("Length of an n-gram.");
  }
  std::string_view needs() const override { return "samples"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const Samples& s = *e.samples;
    if (!s.values.empty())
      throw std::runtime_error("distinct: the samples are numbers, not tokens");
    if (s.width < n || s.count == 0)
      throw std::runtime_error("distinct: samples of " + std::to_string(s.width) +
                               " tokens hold no n-gram of " + std::to_string(n));
    std::set<std::vector<std::int32_t>> seen;
    for (int i = 0; i < s.count; ++i) {
      const auto row = s.tokens.begin() + std::ptrdiff_t{i} * s.width;
      for (int j = 0; j + n <= s.width; ++j) seen.emplace(row + j, row + j + n);
    }
    sink("distinct-" + std::to_string(n),
         static_cast<double>(seen.size()) / (static_cast<double>(s.count) * (s.width - n + 1)));
  }
};
ASSAY_REGISTER(Metric, Distinct);

}  // namespace
}  // namespace assay::metrics
