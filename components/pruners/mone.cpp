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

struct Mone final : UnitPruner {
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

  std::vector<Unit> units(TrainedModel& model, const Examples& calibration,
                          Stream /*stream*/) const override {
    const std::vector<ExpertLayer> layers = expert_layers(model, *this, kInfo.name);
    const std::vector<LayerUse> uses = expert_uses(model, calibration, layers, kInfo.name);
    std::vector<Unit> out;
    for (std::size_t i = 0; i < layers.size(); ++i)
      for (std::size_t e = 0; e < layers[i].experts.size(); ++e) {
        Unit& unit = out.emplace_back(
            Unit{layers[i].name, worth(uses[i].experts[e], uses[i].rows), layers[i].experts[e]});
        keep_constant(unit, model, e, uses[i].experts[e]);
      }
    return out;
  }

 private:
  double worth(const ExpertUse& use, double rows) const {
    if (use.rows == 0) return 0.0;
    const double routing = use.weight / rows, fluctuation = std::sqrt(use.variance());
    if (score == Score::kRouting) return routing;
    return score == Score::kFluctuation ? fluctuation : routing * fluctuation;
  }

  static void keep_constant(Unit& unit, TrainedModel& model, std::size_t expert,
                            const ExpertUse& use) {
    unit.stays = &model.parameters.get(unit.group + "." + std::to_string(expert) + ".down.bias");
    std::erase_if(unit.pieces, [&](const Piece& piece) { return piece.parameter == unit.stays; });
    unit.constant = use.rows > 0
                        ? use.mean()
                        : std::vector<double>(static_cast<std::size_t>(unit.stays->value.count()));
  }
};
ASSAY_REGISTER(Pruner, Mone);

}  // namespace
}  // namespace assay::pruners
