// A multilayer perceptron: x -> act(W1 x + b1) -> … -> W x + b. Weights by He et al. 2015. An input
// gate selects features, a hidden gate units of every hidden layer. Predicts labels, or targets
// where there are none. Without hidden layers it is multinomial logistic, or linear, regression.
#include "components/gates/gate.h"
#include "components/models/model.h"

namespace assay::models {
namespace {

struct Mlp final : Model {
  static constexpr Info kInfo{"mlp", 1, "Multilayer perceptron.",
                              "He et al. 2015, arXiv:1502.01852 (initialisation)"};
  static constexpr std::string_view kExample = "hidden = [5]";
  std::vector<int> hidden = {64};
  nn::Activation activation = nn::Activation::kRelu;
  Slot<Gate> input_gate;
  Slot<Gate> hidden_gate;

  static void params(Params<Mlp>& p) {
    p.add("hidden", &Mlp::hidden)
        .range(1, 65536)
        .unit("units")
        .doc("Width of each hidden layer; empty for a linear model.");
    p.add("activation", &Mlp::activation, std::span(nn::kActivationNames))
        .doc("Of the hidden layers.");
    p.add("input_gate", &Mlp::input_gate).doc("Scales the input features.");
    p.add("hidden_gate", &Mlp::hidden_gate).doc("Scales the units of each hidden layer.");
  }

  static nn::Name layer(std::size_t i) { return nn::Name("hidden", i + 1); }

  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    const int outputs = predicted_width(format, kInfo.name);
    int width = input_width(format);
    if (input_gate) input_gate->declare(out, "input_gate", width, init);
    for (std::size_t i = 0; i < hidden.size(); ++i) {
      nn::declare_linear(out, layer(i), width, hidden[i], 2.0, init);
      width = hidden[i];
      if (hidden_gate) hidden_gate->declare(out, nn::Name(layer(i), "_gate"), width, init);
    }
    nn::declare_linear(out, "output", width, outputs, 1.0, init);
  }

  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    nn::Var x = pass.site("input", input_of(pass, format, batch));
    if (input_gate) x = input_gate->apply(pass, "input_gate", x);
    for (std::size_t i = 0; i < hidden.size(); ++i) {
      x = pass.linear(layer(i), x, activation);
      if (hidden_gate) x = hidden_gate->apply(pass, nn::Name(layer(i), "_gate"), x);
    }
    return pass.linear("output", x);
  }

  double multiply_adds(const nn::Parameters& parameters,
                       const DataFormat& /*format*/) const override {
    return kept_weights(parameters);
  }
};
ASSAY_REGISTER(Model, Mlp);

}  // namespace
}  // namespace assay::models
