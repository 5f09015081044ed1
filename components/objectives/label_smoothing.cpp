// Cross-entropy with the label's probability spread: 1 - e on the label and e / K on each of the K
// classes, -(1 - e) log p_y - e / K sum_k log p_k.
#include "components/objectives/classification.h"

namespace assay::objectives {
namespace {

struct LabelSmoothing final : Objective {
  static constexpr Info kInfo{"label-smoothing", 1, "Cross-entropy with smoothed labels.",
                              "Szegedy et al. 2016, arXiv:1512.00567, section 7"};
  float epsilon = 0.1F;

  static void params(Params<LabelSmoothing>& p) {
    p.add("epsilon", &LabelSmoothing::epsilon)
        .range(0, 1)
        .doc("Probability spread over all classes.")
        .source("section 7");
  }
  bool weighs() const override { return true; }
  nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
               const Examples& batch) const override {
    const auto [logits, labels, weights] = run_classifier(pass, model, format, batch, kInfo.name);
    const nn::Var log_p = nn::log_softmax(logits);
    return nn::add(nn::scale(mean_at_labels(log_p, labels, weights), epsilon - 1.0F),
                   nn::scale(mean(log_p, weights), -epsilon));
  }
};
ASSAY_REGISTER(Objective, LabelSmoothing);

}  // namespace
}  // namespace assay::objectives
