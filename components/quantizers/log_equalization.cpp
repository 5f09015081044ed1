// Logarithmic activation equalization (FPTQ, Li et al. 2023; LogarithmicEqualizationModifier of
// llm-compressor): large inputs are divided and the columns of the weight that read them multiplied
// by s_j = max|x_j| / log2(2 + max|x_j|), which brings them to log2(2 + max|x_j|) and leaves the
// layer's function as it is; then `quantizer` rounds the weight. Weights have no say in s, as they
// have in SmoothQuant (smooth_quant.cpp), and as there what is simulated is the rounding of weights
// alone, which the change makes harder: Q(W diag(s)) diag(s)⁻¹ with inputs as they are. FPTQ
// equalizes layers of medium ranges alone; `layers` chooses them here. s counts 16 bits for each
// column; FPTQ folds it into the layer before. An input that is always 0 has s = 1.
#include <cmath>

#include "components/pruners/layer_choice.h"
#include "components/pruners/mask.h"
#include "components/quantizers/inputs.h"
#include "components/quantizers/transformed.h"

namespace assay::quantizers {
namespace {

struct LogEqualization final : Quantizer, LayerChoice {
  static constexpr Info kInfo{"log-equalization", 1,
                              "Brings inputs to the logarithm of their size, then rounds weights.",
                              "Li et al. 2023, arXiv:2308.15987"};
  Slot<Quantizer> quantizer{"round-to-nearest"};

  static void params(Params<LogEqualization>& p) {
    p.add("quantizer", &LogEqualization::quantizer)
        .doc("What rounds; its own choice of layers does not count.");
    LayerChoice::params(p);
  }
  bool idempotent() const override { return false; }

  void quantize(TrainedModel& model, const Examples& calibration, Stream stream) const override {
    for (nn::Parameter* p : prunable(model)) {
      const int columns = p->value.shape().back();
      const nn::Tensor x = layer_inputs(model, calibration, layer_of(*p), columns);
      std::vector<double> scales = largest_of_columns(x, columns);
      for (double& s : scales) s = s > 0 ? s / std::log2(2.0 + s) : 1.0;
      quantize_scaled(*p, x, *quantizer, scales, stream.fork(p->name));
    }
  }
};
ASSAY_REGISTER(Quantizer, LogEqualization);

}  // namespace
}  // namespace assay::quantizers
