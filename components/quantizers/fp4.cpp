// 4-bit floating point, e2m1: ±{0, 0.5, 1, 1.5, 2, 3, 4, 6} times a scale of each block, ties to
// even, saturating. scale = "power" is MXFP4 (OCP microscaling formats 1.0, section 6.3): a power
// of two of 8 bits, 2^(floor(log2 max|w|) - 2); "largest" is max|w| / 6 and takes 16 bits.
#include <algorithm>
#include <cmath>

#include "components/pruners/layer_choice.h"
#include "components/quantizers/codes.h"
#include "components/quantizers/quantizer.h"
#include "components/quantizers/small_floats.h"

namespace assay::quantizers {
namespace {

struct Fp4 final : Quantizer, LayerChoice {
  enum class Scaled { kPower, kLargest };
  static constexpr Info kInfo{
      "fp4", 1, "4-bit floating-point weights with a scale for each block.",
      "Rouhani et al. 2023, arXiv:2310.10537; OCP microscaling formats 1.0"};
  int block = 32;
  Scaled scale = Scaled::kPower;

  static void params(Params<Fp4>& p) {
    p.add("block", &Fp4::block)
        .range(1, 65536)
        .unit("weights")
        .doc("Of a row that share a scale.")
        .source("OCP microscaling formats 1.0, table 1");
    p.add("scale", &Fp4::scale, {"power", "largest"})
        .doc("A power of two, or what takes the block's largest weight to the largest number.");
    LayerChoice::params(p);
  }
  void quantize(TrainedModel& model, const Examples& /*calibration*/,
                Stream /*stream*/) const override {
    const double scale_bits = scale == Scaled::kPower ? 8.0 : kScaleBits;
    for (nn::Parameter* p : prunable(model)) {
      round_runs(*p, Granularity::kGroup, block, [this](std::span<double> w) { round(w); });
      const nn::Shape& shape = p->value.shape();
      p->bits = 4.0 + scale_bits * run_count(Granularity::kGroup, block, shape) /
                          static_cast<double>(shape.count());
    }
  }

 private:
  void round(std::span<double> w) const {
    double most = 0.0;
    for (const double x : w) most = std::max(most, std::abs(x));
    if (most == 0.0) return;
    // 4 = 2^2 is the largest power of two among the numbers; 8 bits hold exponents of -127 … 127.
    const double s = scale == Scaled::kPower ? std::ldexp(1.0, std::max(std::ilogb(most) - 2, -127))
                                             : most / kE2m1.largest;
    for (double& x : w) x = decode(encode(x / s, kE2m1), kE2m1) * s;
  }
};
ASSAY_REGISTER(Quantizer, Fp4);

}  // namespace
}  // namespace assay::quantizers
