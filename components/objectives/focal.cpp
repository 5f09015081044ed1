// Cross-entropy that leaves aside what is easy: the mean of -(1 - p_y)^gamma log p_y. With gamma 0
// it is the cross-entropy.
#include "components/objectives/classification.h"

namespace assay::objectives {
namespace {

struct Focal final : Objective {
  static constexpr Info kInfo{"focal", 1, "Cross-entropy weighted by (1 - p)^gamma.",
                              "Lin et al. 2017, arXiv:1708.02002, eq. 4"};
  float gamma = 2.0F;

  static void params(Params<Focal>& p) {
    p.add("gamma", &Focal::gamma)
        .range(0, 20)
        .doc("Larger: examples that are right count for less.")
        .source("section 5.1");
  }
  bool weighs() const override { return true; }
  nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
               const Examples& batch) const override {
    const auto [logits, labels, weights] = run_classifier(pass, model, format, batch, kInfo.name);
    const nn::Var log_p = nn::gather_columns(nn::log_softmax(logits), labels, 1);
    // Kept away from 0, where the logarithm has no slope; the weight is 0 there to rounding.
    const nn::Var missed = nn::clamp(nn::shift(nn::scale(nn::exp(log_p), -1.0), 1.0), 1e-12, 1.0);
    const nn::Var weight = nn::exp(nn::scale(nn::log(missed), gamma));
    return nn::scale(mean(nn::multiply(weight, log_p), weights), -1.0);
  }
};
ASSAY_REGISTER(Objective, Focal);

}  // namespace
}  // namespace assay::objectives
