// A linear classifier: logits = W x + b (multinomial logistic regression).
#include "components/models/model.h"

namespace assay::models {
namespace {

struct Linear final : Model {
  static constexpr Info kInfo{"linear", 1, "Linear classifier."};
  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    nn::declare_linear(out, "output", input_width(format), format.positions * format.classes, 1.0,
                       init);
  }
  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    return pass.linear("output", pass.site("input", input_of(pass, format, batch)));
  }
  double multiply_adds(const nn::Parameters& parameters,
                       const DataFormat& /*format*/) const override {
    const nn::Parameter& p = parameters.get("output.weight");
    double total = 0.0;
    for (std::int64_t i = 0; i < p.value.count(); ++i)
      total += p.mask.empty() || p.mask.get(i) != 0.0 ? 1.0 : 0.0;
    return total;
  }
};
ASSAY_REGISTER(Model, Linear);

}  // namespace
}  // namespace assay::models
