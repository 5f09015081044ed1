// Mean of -log softmax(outputs)[label] over examples and positions.
#include "components/objectives/weights.h"

namespace assay::objectives {
namespace {

struct CrossEntropy final : Objective {
  static constexpr Info kInfo{"cross-entropy", 1, "Cross-entropy with the labels."};
  bool weighs() const override { return true; }
  nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
               const Examples& batch) const override {
    if (model.output() != Model::Output::kLabels)
      throw std::runtime_error("cross-entropy needs a model that predicts labels");
    if (format.classes < 1)
      throw std::runtime_error("cross-entropy needs labels; the data have none");
    const nn::Var out = model.forward(pass, format, batch);
    const int rows = batch.count * format.positions;
    return cross_entropy(nn::reshape(out, {rows, format.classes}), batch.labels,
                         row_weights(pass, rows));
  }
};
ASSAY_REGISTER(Objective, CrossEntropy);

}  // namespace
}  // namespace assay::objectives
