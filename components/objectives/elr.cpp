// Early-learning regularisation against wrong labels: CE + lambda mean log(1 - <p_i, t_i>), where
// t_i = beta t_i + (1 - beta) p_i / sum p_i follows the model's own output for example i, so that
// what it learnt early holds it back from learning the wrong labels by heart. p is clamped to
// [1e-4, 1 - 1e-4] as in the authors' experiments.
#include "components/objectives/classification.h"

namespace assay::objectives {
namespace {

struct Elr final : Objective {
  static constexpr Info kInfo{"elr", 1, "Early-learning regularisation (ELR).",
                              "Liu et al. 2020, arXiv:2007.00151, eq. 6 and 9"};
  // The target follows the output and is not differentiated.
  static constexpr bool kSurrogate = true;
  float lambda = 3.0F;
  float beta = 0.7F;

  static void params(Params<Elr>& p) {
    p.add("lambda", &Elr::lambda)
        .range(0, 1000)
        .doc("Weight of the regularisation.")
        .source("appendix D");
    p.add("beta", &Elr::beta)
        .at_least(0)
        .below(1)
        .doc("Of the moving average of outputs.")
        .source("appendix D");
  }
  nn::Tensor memory(const DataFormat& format, int examples) const override {
    if (format.classes < 1 || format.positions != 1)
      throw std::runtime_error("elr needs one label for each example");
    return nn::Tensor({examples, format.classes});
  }
  bool weighs() const override { return true; }
  nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
               const Examples& batch) const override {
    const auto [logits, labels, weights] = run_classifier(pass, model, format, batch, kInfo.name);
    if (static_cast<int>(labels.size()) != batch.count)
      throw std::runtime_error("elr needs a label for each example");
    const nn::Var p = nn::clamp(nn::softmax(logits), 1e-4, 1.0 - 1e-4);
    const nn::Var agreed = nn::sum_columns(nn::multiply(p, followed(pass, batch, p)));
    const nn::Var held = mean(nn::log(nn::shift(nn::scale(agreed, -1.0), 1.0)), weights);
    return nn::add(cross_entropy(logits, labels, weights), nn::scale(held, lambda));
  }

 private:
  // Moves the memory of these examples towards p and gives it: n x classes. Outside of training
  // there is none, and p itself stands in.
  nn::Var followed(nn::Forward& pass, const Examples& batch, nn::Var p) const {
    nn::Tensor* memory = pass.memory();
    const nn::Tensor& now = pass.tape().value(p);
    const int classes = now.shape().back();
    return pass.tape().constant(p.shape(), [&](nn::Tensor& out) {
      for (int i = 0; i < now.shape()[0]; ++i) {
        double total = 0.0;
        for (int c = 0; c < classes; ++c) total += now.at(i, c);
        for (int c = 0; c < classes; ++c) {
          const std::int64_t at = std::int64_t{i} * classes + c;
          double target = now.at(i, c) / total;
          if (memory) {
            const std::int64_t kept =
                std::int64_t{batch.rows[static_cast<std::size_t>(i)]} * classes + c;
            target = beta * memory->get(kept) + (1.0 - beta) * target;
            memory->set(kept, target);
          }
          out.set(at, target);
        }
      }
    });
  }
};
ASSAY_REGISTER(Objective, Elr);

}  // namespace
}  // namespace assay::objectives
