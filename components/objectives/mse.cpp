// Mean over all entries of (output - goal)²: the goal is the targets for a model that predicts
// those, else the input.
#include "components/objectives/weights.h"

namespace assay::objectives {
namespace {

struct Mse final : Objective {
  static constexpr Info kInfo{
      "mse", 1, "Mean squared error of predicting targets or reconstructing the input."};
  static constexpr std::string_view kNeutral = "";  // what the model gives fits no other
  bool weighs() const override { return true; }
  nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
               const Examples& batch) const override {
    if (model.output() == Model::Output::kVelocity)
      throw std::runtime_error("mse reconstructs inputs; the model turns noise into data");
    const nn::Var out = model.forward(pass, format, batch);
    const nn::Var goal = model.output(format) == Model::Output::kTargets
                             ? pass.tape().constant(batch.targets)
                             : input_of(pass, format, batch);
    return mean_squared_error(out, goal, row_weights(pass, batch.count));
  }
};
ASSAY_REGISTER(Objective, Mse);

}  // namespace
}  // namespace assay::objectives
