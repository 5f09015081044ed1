// Each weight to the nearest number of an 8-bit floating-point format, ties to even, saturating
// (OCP 8-bit floating point specification 1.0; Micikevicius et al. 2022). With a scale, s = max|w|
// over a tensor or a row divided by the format's largest number, w -> s fp8(w / s); 16 bits each.
#include <algorithm>
#include <cmath>

#include "components/pruners/layer_choice.h"
#include "components/quantizers/codes.h"
#include "components/quantizers/quantizer.h"
#include "components/quantizers/small_floats.h"

namespace assay::quantizers {
namespace {

struct Fp8 final : Quantizer, LayerChoice {
  enum class Format { kE4m3, kE5m2 };
  enum class Scaled { kNone, kTensor, kRow };
  static constexpr Info kInfo{"fp8", 1, "8-bit floating-point weights.",
                              "Micikevicius et al. 2022, arXiv:2209.05433"};
  Format format = Format::kE4m3;
  Scaled scale = Scaled::kTensor;

  static void params(Params<Fp8>& p) {
    p.add("format", &Fp8::format, {"e4m3", "e5m2"})
        .doc("4 bits of exponent and 3 of mantissa, or 5 and 2.")
        .source("Micikevicius et al. 2022, section 3: e4m3 for weights");
    p.add("scale", &Fp8::scale, {"none", "tensor", "row"}).doc("What shares a scale.");
    LayerChoice::params(p);
  }
  void quantize(TrainedModel& model, const Examples& /*calibration*/,
                Stream /*stream*/) const override {
    const Granularity granularity =
        scale == Scaled::kRow ? Granularity::kRow : Granularity::kTensor;
    for (nn::Parameter* p : prunable(model)) {
      round_runs(*p, granularity, 1, [this](std::span<double> w) { round(w); });
      const double scales =
          scale == Scaled::kNone ? 0.0 : run_count(granularity, 1, p->value.shape());
      p->bits = 8.0 + kScaleBits * scales / static_cast<double>(p->value.count());
    }
  }

 private:
  void round(std::span<double> w) const {
    const FloatFormat& code = format == Format::kE4m3 ? kE4m3 : kE5m2;
    double most = 0.0;
    for (const double x : w) most = std::max(most, std::abs(x));
    const double s = scale == Scaled::kNone || most == 0.0 ? 1.0 : most / code.largest;
    for (double& x : w) x = decode(encode(x / s, code), code) * s;
  }
};
ASSAY_REGISTER(Quantizer, Fp8);

}  // namespace
}  // namespace assay::quantizers
