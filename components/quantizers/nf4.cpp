// NormalFloat: each block of weights is divided by its largest magnitude and each goes to the
// nearest of 16 levels in -1 … 1, which are quantiles of a normal distribution, 0 among them
// (Dettmers et al. 2023, appendix E). Blocks lie within rows, the paper's run over the flat array.
// 16 bits for each block's scale: the paper has 32, or 8.5 after quantizing those too.
#include <algorithm>
#include <cmath>

#include "components/pruners/layer_choice.h"
#include "components/quantizers/codes.h"
#include "components/quantizers/quantizer.h"

namespace assay::quantizers {
namespace {

constexpr double kLevels[16] = {-1.0,
                                -0.6961928009986877,
                                -0.5250730514526367,
                                -0.39491748809814453,
                                -0.28444138169288635,
                                -0.18477343022823334,
                                -0.09105003625154495,
                                0.0,
                                0.07958029955625534,
                                0.16093020141124725,
                                0.24611230194568634,
                                0.33791524171829224,
                                0.44070982933044434,
                                0.5626170039176941,
                                0.7229568362236023,
                                1.0};

struct Nf4 final : Quantizer, LayerChoice {
  static constexpr Info kInfo{"nf4", 1, "16 levels at quantiles of a normal distribution.",
                              "Dettmers et al. 2023, arXiv:2305.14314, section 3, appendix E"};
  int block = 64;

  static void params(Params<Nf4>& p) {
    p.add("block", &Nf4::block)
        .range(1, 65536)
        .unit("weights")
        .doc("Of a row that share a scale.")
        .source("Dettmers et al. 2023, section 3");
    LayerChoice::params(p);
  }
  void quantize(TrainedModel& model, const Examples& /*calibration*/,
                Stream /*stream*/) const override {
    for (nn::Parameter* p : prunable(model)) {
      round_runs(*p, Granularity::kGroup, block, round);
      const nn::Shape& shape = p->value.shape();
      p->bits = 4.0 + kScaleBits * run_count(Granularity::kGroup, block, shape) /
                          static_cast<double>(shape.count());
    }
  }

 private:
  static void round(std::span<double> w) {
    double most = 0.0;
    for (const double x : w) most = std::max(most, std::abs(x));
    for (double& x : w) x = most > 0 ? nearest(x / most) * most : 0.0;
  }
  static double nearest(double x) {
    const auto* above = std::lower_bound(std::begin(kLevels), std::end(kLevels), x);
    if (above == std::begin(kLevels)) return *above;
    if (above == std::end(kLevels)) return 1.0;
    return x - above[-1] < *above - x ? above[-1] : *above;
  }
};
ASSAY_REGISTER(Quantizer, Nf4);

}  // namespace
}  // namespace assay::quantizers
