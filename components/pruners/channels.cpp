// Removes whole filters of convolutions, with what reads their channels: those of smallest L1 norm
// in each layer (Li et al. 2017, section 3.1). The filter's bias goes with it and has no part in
// its norm.
#include "components/pruners/hidden_units.h"

namespace assay::pruners {
namespace {

struct Channels final : UnitPruner {
  static constexpr Info kInfo{"channels", 1, "Removes filters of smallest L1 norm.",
                              "Li et al. 2017, arXiv:1608.08710, section 3.1"};
  Channels() { layers = {"conv*"}; }

  static void params(Params<Channels>& p) { UnitPruner::params(p); }
  std::vector<Unit> units(TrainedModel& model, const Examples& calibration,
                          Stream /*stream*/) const override {
    std::vector<Unit> out;
    for (const HiddenUnit& hidden : hidden_units(model, *this, calibration)) {
      Unit unit{hidden.layer, norm({hidden.incoming[0]}, true), hidden.incoming};
      unit.pieces.insert(unit.pieces.end(), hidden.outgoing.begin(), hidden.outgoing.end());
      out.push_back(std::move(unit));
    }
    return out;
  }
};
ASSAY_REGISTER(Pruner, Channels);

}  // namespace
}  // namespace assay::pruners
