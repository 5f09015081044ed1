// ||Y - Y'||_F / ||Y'||_F for each layer, Y its output before the activation on the split and Y'
// that of the reference, each model running on its own: errors of earlier layers are in it. Layers
// whose rows differ in number (experts, routed otherwise) or whose reference is 0 throughout are
// left out.
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct LayerReconstructionError final : Metric {
  static constexpr Info kInfo{
      "layer-reconstruction-error", 1,
      "Relative error of each layer's output against a reference model, and their mean.",
      "Frantar and Alistarh 2023, arXiv:2301.00774, eq. 1 (its square, not relative)"};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model data reference"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const std::vector<std::string> own = e.model->sites(e.examples());
    double sum = 0.0, layers = 0.0;
    for (const std::string& site : e.reference->sites(e.examples())) {
      if (!site.ends_with(".in") || std::find(own.begin(), own.end(), site) == own.end()) continue;
      const std::string layer = site.substr(0, site.size() - 3);
      const nn::Tensor y = e.model->activations(e.examples(), layer),
                       expected = e.reference->activations(e.examples(), layer);
      if (!(y.shape() == expected.shape())) continue;
      const double error = relative_error(y, expected);
      if (error < 0) continue;
      sink("layer-reconstruction-error-" + layer, error);
      sum += error;
      layers += 1.0;
    }
    if (layers == 0)
      throw std::runtime_error("layer-reconstruction-error: the models have no layer in common");
    sink("layer-reconstruction-error", sum / layers);
  }

 private:
  // Negative where `expected` is 0.
  static double relative_error(const nn::Tensor& y, const nn::Tensor& expected) {
    double error = 0.0, size = 0.0;
    for (std::int64_t i = 0; i < y.count(); ++i) {
      error += (y.get(i) - expected.get(i)) * (y.get(i) - expected.get(i));
      size += expected.get(i) * expected.get(i);
    }
    return size > 0 ? std::sqrt(error / size) : -1.0;
  }
};
ASSAY_REGISTER(Metric, LayerReconstructionError);

}  // namespace
}  // namespace assay::metrics
