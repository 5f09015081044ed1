// Incoherence by rotation (QuaRot, Ashkboos et al. 2024; QuIP#, Tseng et al. 2024): the space of a
// layer's inputs is turned by a random Hadamard matrix R = D H, orthogonal, after which a row's
// weights are of one size and few stand out; `quantizer` rounds W R, and R undoes itself, W' =
// Q(W R) Rᵀ. What is simulated is the rounding of weights alone: at run time the inputs would be
// turned, x R, for which there are fast products; here Rᵀ is applied to the stored weights, so that
// the model computes the same with inputs as they are. QuIP# turns the outputs' space too. Widths
// that are no power of two are turned in blocks (hadamard.h), where the papers know further
// Hadamard matrices. Signs count 1 bit for each column. Pruned weights are 0 again afterwards, yet
// not while turned: a store of turned weights would be dense.
#include "components/quantizers/hadamard.h"

#include <bit>
#include <cmath>

#include "components/pruners/layer_choice.h"
#include "components/pruners/mask.h"
#include "components/quantizers/inputs.h"
#include "components/quantizers/transformed.h"

namespace assay::quantizers {

namespace {

// Times the Hadamard matrix of this size, over sqrt(size), which makes it its own inverse.
void turn(std::span<double> x) {
  for (std::size_t half = 1; half < x.size(); half *= 2)
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (i & half) continue;
      const double a = x[i], b = x[i + half];
      x[i] = a + b;
      x[i + half] = a - b;
    }
  for (double& number : x) number /= std::sqrt(static_cast<double>(x.size()));
}

void turn_blocks(std::span<double> x) {
  while (!x.empty()) {
    const std::size_t size = std::bit_floor(x.size());
    turn(x.first(size));
    x = x.subspan(size);
  }
}

struct Hadamard final : Quantizer, LayerChoice {
  static constexpr Info kInfo{"hadamard", 1,
                              "Turns the space of a layer's inputs at random before rounding.",
                              "Ashkboos et al. 2024, arXiv:2404.00456; Tseng et al. 2024, "
                              "arXiv:2402.04396, section 3",
                              true};
  Slot<Quantizer> quantizer{"round-to-nearest"};

  static void params(Params<Hadamard>& p) {
    p.add("quantizer", &Hadamard::quantizer)
        .doc("What rounds; its own choice of layers does not count.");
    LayerChoice::params(p);
  }
  bool idempotent() const override { return false; }

  void quantize(TrainedModel& model, const Examples& calibration, Stream stream) const override {
    for (nn::Parameter* p : prunable(model)) {
      const int columns = p->value.shape().back();
      const RandomHadamard R(columns, stream.fork(p->name));
      const auto forward = [&R](std::span<double> row) { R.forward(row); };
      const auto backward = [&R](std::span<double> row) { R.backward(row); };
      quantize_transformed(*p, layer_inputs(model, calibration, layer_of(*p), columns), *quantizer,
                           {forward, forward, backward}, stream.fork(p->name, 1));
      p->bits += 1.0 / static_cast<double>(p->value.shape().rows());
    }
  }
};
ASSAY_REGISTER(Quantizer, Hadamard);

}  // namespace

RandomHadamard::RandomHadamard(int width, Stream stream) {
  for (int i = 0; i < width; ++i) signs_.push_back(stream.below(2) == 0 ? -1.0 : 1.0);
}

void RandomHadamard::forward(std::span<double> x) const {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] *= signs_[i];
  turn_blocks(x);
}

void RandomHadamard::backward(std::span<double> x) const {
  turn_blocks(x);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] *= signs_[i];
}

}  // namespace assay::quantizers
