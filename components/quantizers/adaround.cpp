// AdaRound (Nagel et al. 2020, section 3.3): whether each weight goes down or up is learnt, layer
// by layer, W' = s clip(floor(W / s) + h(V)), h(V) = clamp(sigmoid(V) (z - g) + g, 0, 1) with z
// = 1.1 and g = -0.1. V minimises
//   mean over examples of ||W x - W' x||² + lambda sum over weights of 1 - |2 h(V) - 1|^beta,
// beta falling from 20 to 2 along half a cosine and the second term waiting for the first fifth of
// the steps; then h is rounded. Inputs are those that the layers quantized before give. Departures:
// activation functions are left out of the objective; the target is what the layer would give for
// the same inputs; and all calibration examples count in each step, by the Gram matrix of the
// inputs, where the paper draws 32.
#include <cmath>

#include "components/optimizers/optimizer.h"
#include "components/pruners/layer_choice.h"
#include "components/pruners/mask.h"
#include "components/quantizers/grid.h"
#include "components/quantizers/inputs.h"
#include "components/quantizers/quantizer.h"
#include "components/quantizers/rounding_choice.h"

namespace assay::quantizers {
namespace {

struct AdaRound final : Quantizer, Grid, LayerChoice {
  static constexpr Info kInfo{"adaround", 1, "Learns for each weight whether it goes down or up.",
                              "Nagel et al. 2020, arXiv:2004.10568, section 3.3"};
  static constexpr std::string_view kExample = "steps = 30";
  int steps = 10000;
  double regularisation = 0.01;
  double warmup = 0.2;
  double beta_first = 20.0;
  double beta_last = 2.0;
  Slot<Optimizer> optimizer{"adam"};

  AdaRound() {
    bits = 4;
    clip = Clip::kMse;
  }
  static void params(Params<AdaRound>& p) {
    Grid::params(p);
    p.add("steps", &AdaRound::steps)
        .range(0, 1e7)
        .unit("steps")
        .doc("For each layer; with 0 it rounds to nearest.")
        .source("Nagel et al. 2020, section 5");
    p.add("regularisation", &AdaRound::regularisation)
        .at_least(0)
        .doc("Lambda: weight of the term that drives h to 0 or 1.")
        .source("Nagel et al. 2020, eq. 21; 0.01: the authors' later code (AIMET)");
    p.add("warmup", &AdaRound::warmup)
        .at_least(0)
        .below(1)
        .doc("Share of the steps before that term counts.")
        .source("the authors' later code (AIMET)");
    p.add("beta_first", &AdaRound::beta_first)
        .at_least(1)
        .doc("Exponent of that term at first.")
        .source("the authors' later code (AIMET)");
    p.add("beta_last", &AdaRound::beta_last)
        .at_least(1)
        .doc("The same at last.")
        .source("the authors' later code (AIMET)");
    p.add("optimizer", &AdaRound::optimizer).doc("What trains V.");
    LayerChoice::params(p);
  }
  std::string check() const override {
    return signs_only() ? "bits: of 1 bit with symmetric levels nothing is there to learn" : "";
  }
  bool idempotent() const override { return false; }

  void quantize(TrainedModel& model, const Examples& calibration,
                Stream /*stream*/) const override {
    for (nn::Parameter* p : prunable(model)) {
      const int inputs = p->value.shape().back();
      const nn::Tensor x = layer_inputs(model, calibration, layer_of(*p), inputs);
      RoundingChoice choice(*p, *this, x);
      train(choice);
      set_numbers(*p, choice.rounded());
      p->bits = stored_bits(p->value.shape());
    }
  }

 private:
  void train(RoundingChoice& choice) const {
    const auto state = optimizer->begin(choice.parameters(), steps);
    for (int step = 0; step < steps; ++step) {
      const double done = (static_cast<double>(step) / steps - warmup) / (1.0 - warmup);
      const double beta =
          beta_last + 0.5 * (beta_first - beta_last) * (1.0 + std::cos(3.141592653589793 * done));
      choice.backward(done < 0 ? 0.0 : regularisation, beta);
      state->step(choice.parameters(), choice.tape());
    }
  }
};
ASSAY_REGISTER(Quantizer, AdaRound);

}  // namespace
}  // namespace assay::quantizers
