// SmoothQuant (Xiao et al. 2022, eq. 3 and 4): large inputs are divided and the columns of the
// weight that read them multiplied by s_j = max|x_j|^a / max|W_j|^(1 - a), which leaves the layer's
// function as it is; then `quantizer` rounds the weight. What is simulated is the rounding of
// weights alone: the model that comes out has Q(W diag(s)) diag(s)⁻¹ as weight and takes its inputs
// as they are, so that it computes what the smoothed layer would without rounding of activations.
// Smoothing makes activations easy and weights harder to round: by itself it costs weights
// accuracy. s counts 16 bits for each column; the paper folds it into the layer before.
#include <cmath>

#include "components/pruners/layer_choice.h"
#include "components/pruners/mask.h"
#include "components/quantizers/inputs.h"
#include "components/quantizers/transformed.h"

namespace assay::quantizers {
namespace {

struct SmoothQuant final : Quantizer, LayerChoice {
  static constexpr Info kInfo{"smooth-quant", 1,
                              "Moves what is hard to round from inputs to weights, then rounds.",
                              "Xiao et al. 2022, arXiv:2211.10438, section 4"};
  double alpha = 0.5;
  Slot<Quantizer> quantizer{"round-to-nearest"};

  static void params(Params<SmoothQuant>& p) {
    p.add("alpha", &SmoothQuant::alpha)
        .range(0, 1)
        .doc("a: how much of it is moved.")
        .source("Xiao et al. 2022, section 4");
    p.add("quantizer", &SmoothQuant::quantizer)
        .doc("What rounds; its own choice of layers does not count.");
    LayerChoice::params(p);
  }
  bool idempotent() const override { return false; }

  void quantize(TrainedModel& model, const Examples& calibration, Stream stream) const override {
    for (nn::Parameter* p : prunable(model)) {
      const nn::Tensor x = layer_inputs(model, calibration, layer_of(*p), p->value.shape().back());
      quantize_scaled(*p, x, *quantizer, scales(p->value, x), stream.fork(p->name));
    }
  }

 private:
  // 1 where the inputs or the weights of a column are all 0.
  std::vector<double> scales(const nn::Tensor& w, const nn::Tensor& x) const {
    const int columns = w.shape().back();
    const std::vector<double> weights = largest_of_columns(w, columns),
                              inputs = largest_of_columns(x, columns);
    std::vector<double> out(weights.size(), 1.0);
    for (std::size_t j = 0; j < out.size(); ++j)
      if (weights[j] > 0 && inputs[j] > 0)
        out[j] = std::pow(inputs[j], alpha) / std::pow(weights[j], 1.0 - alpha);
    return out;
  }
};
ASSAY_REGISTER(Quantizer, SmoothQuant);

}  // namespace
}  // namespace assay::quantizers
