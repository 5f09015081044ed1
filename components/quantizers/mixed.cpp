// Each layer by a quantizer of its own: that of the first pattern that its name matches, in the
// order of the list, or `otherwise`. Layers are quantized one after the other in the order of the
// model, so that each quantizer sees the inputs that those before give, as within one quantizer.
#include "components/nn/name_patterns.h"
#include "components/pruners/layer_choice.h"
#include "components/pruners/mask.h"
#include "components/quantizers/inputs.h"
#include "components/quantizers/transformed.h"

namespace assay::quantizers {
namespace {

struct Mixed final : Quantizer {
  static constexpr Info kInfo{"mixed", 1, "Quantizes each layer as its name says.",
                              "llama.cpp, --tensor-type of llama-quantize"};
  static constexpr std::string_view kExample =
      "patterns = [\"shared\", \"*\"], quantizers = [\"round-to-nearest\", \"nf4\"]";
  std::vector<std::string> patterns;
  std::vector<Slot<Quantizer>> quantizers;
  Slot<Quantizer> otherwise{"full-precision"};

  static void params(Params<Mixed>& p) {
    p.add("patterns", &Mixed::patterns)
        .doc("Names of layers, where * stands for any text; the first that matches counts.");
    p.add("quantizers", &Mixed::quantizers)
        .doc("One for each pattern; their own choices of layers do not count.");
    p.add("otherwise", &Mixed::otherwise).doc("For layers that no pattern matches.");
  }
  std::string check() const override {
    if (patterns.size() == quantizers.size()) return "";
    return "quantizers: " + std::to_string(quantizers.size()) + " for " +
           std::to_string(patterns.size()) + " patterns; there must be one for each";
  }
  bool idempotent() const override {
    for (const auto& quantizer : quantizers)
      if (!quantizer->idempotent()) return false;
    return otherwise->idempotent();
  }

  void quantize(TrainedModel& model, const Examples& calibration, Stream stream) const override {
    const std::vector<nn::Parameter*> parameters = prunable(model);
    std::vector<std::string> names;
    for (const nn::Parameter* p : parameters) names.push_back(layer_of(*p));
    (void)LayerChoice{patterns, {}}.choose(names);  // refuses patterns of no layer
    for (nn::Parameter* p : parameters)
      quantize_alone(*p, layer_inputs(model, calibration, layer_of(*p), p->value.shape().back()),
                     of_layer(layer_of(*p)), stream.fork(p->name));
  }

 private:
  const Quantizer& of_layer(const std::string& name) const {
    for (std::size_t i = 0; i < patterns.size(); ++i)
      if (nn::matches(name, patterns[i])) return *quantizers[i];
    return *otherwise;
  }
};
ASSAY_REGISTER(Quantizer, Mixed);

}  // namespace
}  // namespace assay::quantizers
