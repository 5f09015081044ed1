// An auto-encoder: x -> relu(W1 x + b1) -> code -> relu(…) -> x'. Trained with the objective "mse".
#include "components/models/model.h"

namespace assay::models {
namespace {

struct Autoencoder final : Model {
  static constexpr Info kInfo{"autoencoder", 1, "Auto-encoder with one hidden layer on each side.",
                              "Hinton and Salakhutdinov 2006"};
  static constexpr std::string_view kExample = "hidden = 5, code = 2";
  int hidden = 32;
  int code = 8;

  static void params(Params<Autoencoder>& p) {
    p.add("hidden", &Autoencoder::hidden)
        .range(1, 65536)
        .unit("units")
        .doc("Width of both hidden layers.");
    p.add("code", &Autoencoder::code).range(1, 65536).unit("units").doc("Width of the code.");
  }
  Output output() const override { return Output::kInputs; }
  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    require_no_graphs(format, kInfo.name);
    const int width = input_width(format);
    nn::declare_linear(out, "encoder", width, hidden, 2.0, init);
    nn::declare_linear(out, "code", hidden, code, 1.0, init);
    nn::declare_linear(out, "decoder", code, hidden, 2.0, init);
    nn::declare_linear(out, "output", hidden, width, 1.0, init);
  }
  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    const nn::Var x = pass.site("input", input_of(pass, format, batch));
    const nn::Var code_value =
        pass.linear("code", pass.linear("encoder", x, nn::Activation::kRelu));
    return pass.linear("output", pass.linear("decoder", code_value, nn::Activation::kRelu));
  }
  double multiply_adds(const nn::Parameters& parameters,
                       const DataFormat& /*format*/) const override {
    return kept_weights(parameters);
  }
};
ASSAY_REGISTER(Model, Autoencoder);

}  // namespace
}  // namespace assay::models
