// Turns experts into novices that give a constant: the mean of what the expert gave on the
// calibration rows that it computed. Those go whose outputs vary least and that the router asks
// least: by the product of the norm of the standard deviations of f_e(x), feature by feature, and
// the mean over all rows of the layer of its weight g_e(x), 0 where it is not chosen (Zhang et al.
// 2025, section 3), or by one of the two alone. The router is left as it is, as in the paper. Of a
// novice the bias of its last layer stays and holds the constant; its other weights and biases are
// masked. An expert without rows becomes a novice that gives nothing.
#include <cmath>

#include "components/pruners/expert_layers.h"

namespace assay::pruners {
namespace {

struct Mone final : ExpertPruner {
  enum class Score { kFusion, kRouting, kFluctuation };
  static constexpr Info kInfo{"mone", 1, "Replaces experts by novices: the mean of what they gave.",
                              "Zhang et al. 2025, arXiv:2507.00390, section 3"};
  Score score = Score::kFusion;

  static void params(Params<Mone>& p) {
    UnitPruner::params(p);
    p.add("score", &Mone::score, {"fusion", "routing", "fluctuation"})
        .doc(
            "routing: the mean weight that the router gives it; fluctuation: how much its outputs "
            "vary; fusion: their product.")
        .source("Zhang et al. 2025, section 3");
  }
  bool updates_biases() const override { return true; }

  double worth(const ExpertUse& use, double rows) const override {
    if (use.rows == 0) return 0.0;
    const double routing = use.weight / rows, fluctuation = std::sqrt(use.variance());
    if (score == Score::kRouting) return routing;
    return score == Score::kFluctuation ? fluctuation : routing * fluctuation;
  }
  void adapt(Unit& unit, TrainedModel& model, const ExpertLayer& layer, int e,
             const ExpertUse& use) const override {
    unit.stays = &model.parameters.get(layer.name + "." + std::to_string(e) + ".down.bias");
    std::erase_if(unit.pieces, [&](const Piece& piece) { return piece.parameter == unit.stays; });
    unit.constant = use.rows > 0
                        ? use.mean()
                        : std::vector<double>(static_cast<std::size_t>(unit.stays->value.count()));
  }
};
ASSAY_REGISTER(Pruner, Mone);

}  // namespace
}  // namespace assay::pruners
