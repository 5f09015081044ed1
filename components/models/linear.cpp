// Outputs W x + b: logits of labels (multinomial logistic regression), or targets where there are
// no labels.
#include "components/models/model.h"

namespace assay::models {
namespace {

struct Linear final : Model {
  static constexpr Info kInfo{"linear", 1, "Linear classifier, or linear regression."};
  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    nn::declare_linear(out, "output", input_width(format), predicted_width(format, kInfo.name), 1.0,
                       init);
  }
  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    return pass.linear("output", pass.site("input", input_of(pass, format, batch)));
  }
  double multiply_adds(const nn::Parameters& parameters,
                       const DataFormat& /*format*/) const override {
    return kept_weights(parameters);
  }
};
ASSAY_REGISTER(Model, Linear);

}  // namespace
}  // namespace assay::models
