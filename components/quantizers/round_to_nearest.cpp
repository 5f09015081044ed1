// Round to nearest: each weight to the level of its group that is nearest (grid.h), the range of
// levels being that of the weights or, with clip = "mse", the one of 20% to 100% of it that leaves
// the least squared error. Scales and offsets count 16 bits each.
#include "components/pruners/layer_choice.h"
#include "components/quantizers/grid.h"
#include "components/quantizers/quantizer.h"

namespace assay::quantizers {
namespace {

struct RoundToNearest final : Quantizer, Grid, LayerChoice {
  static constexpr Info kInfo{
      "round-to-nearest", 2, "Rounds weights to the nearest of 2^bits levels.",
      "Nagel et al. 2021, arXiv:2106.08295, section 2; 1 bit: Rastegari et al. 2016"};

  static void params(Params<RoundToNearest>& p) {
    Grid::params(p, 2);
    LayerChoice::params(p);
  }
  void quantize(TrainedModel& model, const Examples& /*calibration*/,
                Stream /*stream*/) const override {
    for (nn::Parameter* p : prunable(model)) {
      std::vector<double> w = numbers_of(*p);
      round_all(*p, w);
      set_numbers(*p, w);
      p->bits = stored_bits(p->value.shape());
    }
  }
};
ASSAY_REGISTER(Quantizer, RoundToNearest);

}  // namespace
}  // namespace assay::quantizers
