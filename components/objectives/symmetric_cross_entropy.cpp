// alpha CE + beta RCE against wrong labels, where the reverse cross-entropy -sum_k p_k log q_k of a
// one-hot label q takes log 0 to be A: it is -A (1 - p_y).
#include "components/objectives/classification.h"

namespace assay::objectives {
namespace {

struct SymmetricCrossEntropy final : Objective {
  static constexpr Info kInfo{"symmetric-cross-entropy", 1,
                              "Cross-entropy and its reverse, against wrong labels.",
                              "Wang et al. 2019, arXiv:1908.06112, eq. 5-7"};
  float alpha = 0.1F;
  float beta = 1.0F;
  float log_zero = -4.0F;

  static void params(Params<SymmetricCrossEntropy>& p) {
    p.add("alpha", &SymmetricCrossEntropy::alpha)
        .at_least(0)
        .doc("Weight of the cross-entropy.")
        .source("section 4.2");
    p.add("beta", &SymmetricCrossEntropy::beta)
        .at_least(0)
        .doc("Weight of the reverse one.")
        .source("section 4.2");
    p.add("log_zero", &SymmetricCrossEntropy::log_zero)
        .range(-100, 0)
        .doc("A, in place of log 0.")
        .source("section 4.2");
  }
  bool weighs() const override { return true; }
  nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
               const Examples& batch) const override {
    const auto [logits, labels, weights] = run_classifier(pass, model, format, batch, kInfo.name);
    const nn::Var log_p = nn::log_softmax(logits);
    // A times the mean of p_y - 1, each row times its weight.
    const nn::Var reverse = nn::scale(
        nn::shift(mean_at_labels(nn::exp(log_p), labels, weights), -mean(weights)), log_zero);
    return nn::add(nn::scale(mean_at_labels(log_p, labels, weights), -alpha),
                   nn::scale(reverse, beta));
  }
};
ASSAY_REGISTER(Objective, SymmetricCrossEntropy);

}  // namespace
}  // namespace assay::objectives
