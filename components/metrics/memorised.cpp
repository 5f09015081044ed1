// Share of the samples that are copies of a training example: nearer to their nearest one than a
// third of the distance to the second nearest (Yoon et al. 2023, section 3.1).
#include <cmath>
#include <limits>

#include "components/metrics/distances.h"

namespace assay::metrics {
namespace {

struct Memorised final : Metric {
  static constexpr Info kInfo{"memorised", 1, "Share of samples that copy a training example.",
                              "Yoon et al. 2023 (SPIGM at ICML), section 3.1"};
  static constexpr std::string_view kBetter = "lower";
  double ratio = 1.0 / 3.0;

  static void params(Params<Memorised>& p) {
    p.add("ratio", &Memorised::ratio)
        .above(0)
        .at_most(1)
        .doc("Largest distance of a copy, over that of the second nearest example.");
  }
  std::string_view needs() const override { return "data samples"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    constexpr int kAll = std::numeric_limits<int>::max();
    const Points x = sampled_points(e, kInfo.name, kAll, 1);
    const Points known = points_like(x, e.data->train, kInfo.name, kAll, 2);
    int copies = 0;
    for (int i = 0; i < x.count; ++i) {
      double first = std::numeric_limits<double>::infinity(), second = first;
      for (int j = 0; j < known.count; ++j) {
        const double square = squared_distance(x, i, known, j);
        if (square < first)
          second = std::exchange(first, square);
        else
          second = std::min(second, square);
      }
      copies += first < ratio * ratio * second;
    }
    sink("memorised", static_cast<double>(copies) / x.count);
  }
};
ASSAY_REGISTER(Metric, Memorised);

}  // namespace
}  // namespace assay::metrics
