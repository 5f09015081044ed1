// A linear classifier: logits = W x + b (multinomial logistic regression).
#include "components/models/model.h"

namespace assay::models {
namespace {

struct Linear final : Model {
  static constexpr Info kInfo{"linear", 1, "Linear classifier."};
  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    require_labels(format, kInfo.name);
    nn::declare_linear(out, "output", input_width(format), format.positions * format.classes, 1.0,
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
