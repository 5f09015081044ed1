// w -> a sign(w), a = mean|w| over a row (a filter), which is the a of least squared error. Weights
// of 0 that are not pruned go to +a. XNOR-Net (Rastegari et al. 2016, eq. 6), weights alone and
// after training: the paper trains with such weights.
#include "components/pruners/layer_choice.h"
#include "components/quantizers/grid.h"
#include "components/quantizers/quantizer.h"

namespace assay::quantizers {
namespace {

struct Binary final : Quantizer, LayerChoice {
  static constexpr Info kInfo{"binary", 1, "The sign of each weight times a mean magnitude.",
                              "Rastegari et al. 2016, arXiv:1603.05279, eq. 6"};
  Granularity granularity = Granularity::kRow;
  int group = 32;

  static void params(Params<Binary>& p) {
    p.add("granularity", &Binary::granularity, kGranularityNames).doc("What shares a magnitude.");
    p.add("group", &Binary::group)
        .range(1, 65536)
        .unit("weights")
        .doc("Of a row that share a magnitude, with granularity group.");
    LayerChoice::params(p);
  }
  void quantize(TrainedModel& model, const Examples& /*calibration*/,
                Stream /*stream*/) const override {
    Grid grid;
    grid.bits = 1;
    grid.granularity = granularity;
    grid.group = group;
    for (nn::Parameter* p : prunable(model)) {
      std::vector<double> w = numbers_of(*p);
      grid.round_all(*p, w);
      set_numbers(*p, w);
      p->bits = grid.stored_bits(p->value.shape());
    }
  }
};
ASSAY_REGISTER(Quantizer, Binary);

}  // namespace
}  // namespace assay::quantizers
