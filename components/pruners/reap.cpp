// Removes the experts of least saliency S_e: the mean, over the calibration rows X_e that expert e
// computes, of its weight times the norm of what it gives, g_e(x) ||f_e(x)||_2 (Lasby et al. 2025,
// eq. 9). It is not how often an expert is used that counts, but how much it adds where it is. An
// expert without rows has a saliency of 0. All weights and biases of a removed expert are masked,
// and with `reroute` the row of the router that speaks for it: the router chooses among those that
// stay, and its weights are theirs alone, as in the paper. Else rows that it sends there get
// nothing from it.
#include "components/pruners/expert_layers.h"

namespace assay::pruners {
namespace {

struct Reap final : ExpertPruner {
  static constexpr Info kInfo{"reap", 1, "Removes the experts that add least where they are used.",
                              "Lasby et al. 2025, arXiv:2510.13999, eq. 9"};

  bool reroute = true;

  static void params(Params<Reap>& p) {
    UnitPruner::params(p);
    p.add("reroute", &Reap::reroute)
        .doc("Whether the rows of a removed expert go to others, or get nothing in its place.")
        .source("Lasby et al. 2025, section 4");
  }

  double worth(const ExpertUse& use, double /*rows*/) const override {
    return use.rows > 0 ? use.weighted_norm / use.rows : 0.0;
  }
  void adapt(Unit& unit, TrainedModel& model, const ExpertLayer& layer, int e,
             const ExpertUse& /*use*/) const override {
    if (reroute) add_router_row(unit.pieces, model, layer, e);
  }
};
ASSAY_REGISTER(Pruner, Reap);

}  // namespace
}  // namespace assay::pruners
