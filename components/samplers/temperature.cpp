// Draws the next token from softmax(logits / T): T = 1 is the model itself, near 0 the most
// probable token, above 1 flatter than the model.
#include "components/samplers/next_token.h"

namespace assay::samplers {
namespace {

struct Temperature final : NextTokenSampler {
  static constexpr Info kInfo{"temperature", 1, "Draws the next token from softmax(logits / T).",
                              "Ackley et al. 1985 (Cognitive Science 9)", true};
  double temperature = 1.0;

  static void params(Params<Temperature>& p) {
    p.add("temperature", &Temperature::temperature).above(0).at_most(100).doc("T.");
    context_params(p);
  }

 private:
  int choose(std::span<const double> logits, double u) const override {
    return rank(logits, temperature).draw(u);
  }
};
ASSAY_REGISTER(Sampler, Temperature);

}  // namespace
}  // namespace assay::samplers
