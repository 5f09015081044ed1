// Microscaling formats (Open Compute Project, microscaling formats 1.0, 2023; Rouhani et al. 2023):
// the weights of a block of 32 share a scale that is a power of two of 8 bits, 2^(floor(log2
// max|w|) - e), e the exponent of the element format's largest power of two, and each is an
// element of 8, 6 or 4 bits, w -> S element(w / S), ties to even, saturating. The specification
// knows blocks of 32 alone; other sizes and the shorter last block of a row are ours. What is given
// back are the numbers of the packed store (microscaling.h), whose size is what `bits` states.
#include "components/pruners/layer_choice.h"
#include "components/quantizers/grid.h"
#include "components/quantizers/microscaling.h"
#include "components/quantizers/quantizer.h"

namespace assay::quantizers {
namespace {

struct Mx final : Quantizer, LayerChoice {
  static constexpr Info kInfo{
      "mx", 1, "Small floats or integers with a power of two for each block.",
      "Open Compute Project, microscaling formats 1.0 (2023); Rouhani et al. 2023, "
      "arXiv:2310.10537"};
  MxFormat format = MxFormat::kFp4;
  int block = 32;

  static void params(Params<Mx>& p) {
    p.add("format", &Mx::format, kMxFormatNames)
        .doc("Of the elements: bits in all, and of exponent and mantissa.")
        .source("Open Compute Project, microscaling formats 1.0, table 1");
    p.add("block", &Mx::block)
        .range(1, 65536)
        .unit("weights")
        .doc("Of a row that share a scale.")
        .source("Open Compute Project, microscaling formats 1.0, table 1");
    LayerChoice::params(p);
  }
  void quantize(TrainedModel& model, const Examples& /*calibration*/,
                Stream /*stream*/) const override {
    for (nn::Parameter* p : prunable(model)) {
      p->value = mx_unpack(mx_pack(*p, format, block), p->mask);
      const nn::Shape& shape = p->value.shape();
      p->bits = element_bits(format) + 8.0 * run_count(Granularity::kGroup, block, shape) /
                                           static_cast<double>(shape.count());
    }
  }
};
ASSAY_REGISTER(Quantizer, Mx);

}  // namespace
}  // namespace assay::quantizers
