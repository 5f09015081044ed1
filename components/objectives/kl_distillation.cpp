// Learning from a teacher's outputs: alpha T² KL(softmax(t / T) || softmax(s / T)) + (1 - alpha) CE
// with the labels, t and s the logits of teacher and student. Without labels alpha is 1.
#include <cmath>

#include "components/objectives/classification.h"

namespace assay::objectives {
namespace {

struct KlDistillation final : Objective {
  static constexpr Info kInfo{"kl-distillation", 1, "Kullback-Leibler divergence from a teacher.",
                              "Hinton et al. 2015, arXiv:1503.02531, section 2"};
  float temperature = 4.0F;
  float alpha = 0.9F;

  static void params(Params<KlDistillation>& p) {
    p.add("temperature", &KlDistillation::temperature).above(0).at_most(1000).doc("T.");
    p.add("alpha", &KlDistillation::alpha)
        .range(0, 1)
        .doc("Weight of the teacher; the rest is that of the labels.");
  }
  bool weighs() const override { return true; }
  nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
               const Examples& batch) const override {
    if (batch.teacher.empty())
      throw std::runtime_error("kl-distillation needs a teacher: the input teacher of its stage");
    if (format.classes < 1)
      throw std::runtime_error("kl-distillation needs classes; the data have none");
    const nn::Shape rows{batch.count * format.positions, format.classes};
    const nn::Var out = nn::reshape(model.forward(pass, format, batch), rows);
    const nn::Var teacher = nn::reshape(pass.tape().constant(batch.teacher), rows);
    const nn::Var target = nn::log_softmax(nn::scale(teacher, 1.0 / temperature)),
                  given = nn::log_softmax(nn::scale(out, 1.0 / temperature));
    const auto weights = row_weights(pass, rows[0]);
    const nn::Var terms = nn::multiply(nn::exp(target), nn::subtract(target, given));
    const double scale = alpha * std::pow(temperature, 2.0) / rows[0];
    const nn::Var divergence =
        weights.empty() ? nn::sum(terms)
                        : nn::scale(mean(terms, weights), static_cast<double>(rows.count()));
    return nn::add(nn::scale(divergence, scale),
                   nn::scale(cross_entropy(out, batch.labels, weights), 1.0 - alpha));
  }
};
ASSAY_REGISTER(Objective, KlDistillation);

}  // namespace
}  // namespace assay::objectives
