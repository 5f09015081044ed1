// w -> a sign(w) where |w| > t mean|w|, else 0, a being the mean of those |w|: the scale of least
// squared error for these positions. Ternary Weight Networks (Li et al. 2016, eq. 3-6), after
// training: the paper trains with such weights. Two bits for each weight and 16 for each a.
#include <cmath>

#include "components/pruners/layer_choice.h"
#include "components/quantizers/codes.h"
#include "components/quantizers/quantizer.h"

namespace assay::quantizers {
namespace {

struct Ternary final : Quantizer, LayerChoice {
  static constexpr Info kInfo{"ternary", 1, "Three levels, 0 and two of one magnitude.",
                              "Li et al. 2016, arXiv:1605.04711, eq. 3-6"};
  double threshold = 0.7;
  Granularity granularity = Granularity::kTensor;
  int group = 32;

  static void params(Params<Ternary>& p) {
    p.add("threshold", &Ternary::threshold)
        .at_least(0)
        .below(1)
        .doc("t: magnitudes up to so many times their mean become 0.")
        .source("Li et al. 2016, eq. 6");
    p.add("granularity", &Ternary::granularity, kGranularityNames).doc("What shares a magnitude.");
    p.add("group", &Ternary::group)
        .range(1, 65536)
        .unit("weights")
        .doc("Of a row that share a magnitude, with granularity group.");
    LayerChoice::params(p);
  }
  void quantize(TrainedModel& model, const Examples& /*calibration*/,
                Stream /*stream*/) const override {
    for (nn::Parameter* p : prunable(model)) {
      round_runs(*p, granularity, group, [this](std::span<double> w) { round(w); });
      const nn::Shape& shape = p->value.shape();
      p->bits = 2.0 + kScaleBits * run_count(granularity, group, shape) /
                          static_cast<double>(shape.count());
    }
  }

 private:
  void round(std::span<double> w) const {
    double all = 0.0, large = 0.0, many = 0.0;
    for (const double x : w) all += std::abs(x);
    const double cut = threshold * all / static_cast<double>(w.size());
    for (const double x : w)
      if (std::abs(x) > cut) large += std::abs(x), many += 1.0;
    for (double& x : w) x = std::abs(x) > cut ? std::copysign(large / many, x) : 0.0;
  }
};
ASSAY_REGISTER(Quantizer, Ternary);

}  // namespace
}  // namespace assay::quantizers
