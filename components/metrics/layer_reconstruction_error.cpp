// ||Y - Y'||_F / ||Y'||_F for each layer, Y its output before the activation on the split and Y'
// that of the reference, each model running on its own: errors of earlier layers are in it. Layers
// whose rows differ in number (experts, routed otherwise) or whose reference is 0 throughout are
// left out. Each model runs once, and its layers' outputs are kept for all of the split.
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

// What a layer gave, batch after batch.
struct Layer {
  std::string name;
  int width = 0;
  std::vector<float> outputs;
};

Layer* find(std::vector<Layer>& layers, std::string_view name) {
  const auto at = std::find_if(layers.begin(), layers.end(),
                               [&](const Layer& layer) { return layer.name == name; });
  return at == layers.end() ? nullptr : &*at;
}

// In the order of the forward pass. A layer is what announces its input, "<layer>.in".
std::vector<Layer> layers_of(const TrainedModel& model, const Examples& examples) {
  std::vector<Layer> out;
  const nn::Forward::Hook hook = [&](std::string_view site, nn::Var x) {
    if (site.ends_with(".in")) {
      const std::string_view name = site.substr(0, site.size() - 3);
      if (!find(out, name)) out.push_back({std::string(name), 0, {}});
    } else if (Layer* layer = find(out, site)) {
      const nn::Tensor& y = x.tape->value(x);
      layer->width = y.shape().back();
      for (std::int64_t i = 0; i < y.count(); ++i)
        layer->outputs.push_back(static_cast<float>(y.get(i)));
    }
    return x;
  };
  (void)model.outputs(examples, std::span(&hook, 1));
  return out;
}

// Negative where `expected` is 0.
double relative_error(const std::vector<float>& y, const std::vector<float>& expected) {
  double error = 0.0, size = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double wanted = expected[i], missed = y[i] - wanted;
    error += missed * missed;
    size += wanted * wanted;
  }
  return size > 0 ? std::sqrt(error / size) : -1.0;
}

struct LayerReconstructionError final : Metric {
  static constexpr Info kInfo{
      "layer-reconstruction-error", 1,
      "Relative error of each layer's output against a reference model, and their mean.",
      "Frantar and Alistarh 2023, arXiv:2301.00774, eq. 1 (its square, not relative)"};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model data reference"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    std::vector<Layer> own = layers_of(*e.model, e.examples());
    double sum = 0.0, layers = 0.0;
    for (const Layer& expected : layers_of(*e.reference, e.examples())) {
      const Layer* y = find(own, expected.name);
      if (!y || y->width != expected.width || y->outputs.size() != expected.outputs.size())
        continue;
      const double error = relative_error(y->outputs, expected.outputs);
      if (error < 0) continue;
      sink("layer-reconstruction-error-" + expected.name, error);
      sum += error;
      layers += 1.0;
    }
    if (layers == 0)
      throw std::runtime_error("layer-reconstruction-error: the models have no layer in common");
    sink("layer-reconstruction-error", sum / layers);
  }
};
ASSAY_REGISTER(Metric, LayerReconstructionError);

}  // namespace
}  // namespace assay::metrics
