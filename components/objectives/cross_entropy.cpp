// Mean of -log softmax(outputs)[label] over examples and positions.
#include "components/objectives/objective.h"

namespace assay::objectives {
namespace {

struct CrossEntropy final : Objective {
  static constexpr Info kInfo{"cross-entropy", 1, "Cross-entropy with the labels."};
  nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
               const Examples& batch) const override {
    if (model.output() != Model::Output::kLabels)
      throw std::runtime_error("cross-entropy needs a model that predicts labels");
    if (format.classes < 1)
      throw std::runtime_error("cross-entropy needs labels; the data have none");
    const nn::Var out = model.forward(pass, format, batch);
    return nn::cross_entropy(nn::reshape(out, {batch.count * format.positions, format.classes}),
                             batch.labels);
  }
};
ASSAY_REGISTER(Objective, CrossEntropy);

}  // namespace
}  // namespace assay::objectives
