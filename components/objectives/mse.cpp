// Mean squared error of reconstructing the input.
#include "components/objectives/objective.h"

namespace assay::objectives {
namespace {

struct Mse final : Objective {
  static constexpr Info kInfo{"mse", 1, "Mean squared error of reconstructing the input."};
  nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
               const Examples& batch) const override {
    if (model.output() == Model::Output::kVelocity)
      throw std::runtime_error("mse reconstructs inputs; the model turns noise into data");
    return nn::mean_squared_error(model.forward(pass, format, batch),
                                  input_of(pass, format, batch));
  }
};
ASSAY_REGISTER(Objective, Mse);

}  // namespace
}  // namespace assay::objectives
