// The k-quants of llama.cpp (Q2_K, Q3_K, Q4_K, Q5_K, Q6_K; ggml-quants.c): super-blocks of 256
// weights of a row whose sub-blocks of 16 or 32 have scales and, at 2, 4 and 5 bits, minima that
// are integers of 4 to 8 bits themselves (super_blocks.h). Scales are sought for the least weighted
// squared error, a weight of column j counting i_j sqrt(2 mean w² + w²): i_j is the mean square
// of the column's inputs on the calibration examples, llama.cpp's importance matrix, here of inputs
// that the layers quantized before give. A layer that no example reaches has importances of 1, and
// no column has less than a ten-thousandth of the mean. What is given back are the numbers of the
// packed store, whose bytes are what `bits` states.
// Departures: llama.cpp has a weighting of its own in some of the formats (2 bits: mean w² once; 6
// bits: i_j alone) and without importances; it moves single levels of 3 bits afterwards; and it
// refuses rows that are no multiples of 256, or takes another format for them, where the last
// super-block of a row is a shorter one here.
#include <algorithm>
#include <numeric>

#include "components/pruners/calibration.h"
#include "components/pruners/layer_choice.h"
#include "components/pruners/mask.h"
#include "components/quantizers/quantizer.h"
#include "components/quantizers/super_blocks.h"

namespace assay::quantizers {
namespace {

struct KQuant final : Quantizer, LayerChoice {
  enum class Importance { kNone, kInputs };
  static constexpr Info kInfo{"k-quant", 1, "Super-blocks with quantized scales and minima.",
                              "llama.cpp, ggml-quants.c (Kawrakow 2023 and 2024, pull requests "
                              "1684 and 4861)"};
  int bits = 4;
  Importance importance = Importance::kInputs;

  static void params(Params<KQuant>& p) {
    p.add("bits", &KQuant::bits)
        .range(2, 6)
        .unit("bits")
        .doc("For each weight, scales and minima aside: Q2_K to Q6_K.");
    p.add("importance", &KQuant::importance, {"none", "inputs"})
        .doc("Whether columns of large inputs count more in the search for scales.");
    LayerChoice::params(p);
  }
  bool idempotent() const override { return false; }

  void quantize(TrainedModel& model, const Examples& calibration,
                Stream /*stream*/) const override {
    for (nn::Parameter* p : prunable(model)) {
      const SuperBlocks packed = pack_super_blocks(*p, bits, importances(model, calibration, *p));
      p->value = unpack_super_blocks(packed, p->mask);
      p->bits =
          8.0 * static_cast<double>(packed.bytes.size()) / static_cast<double>(p->value.count());
    }
  }

 private:
  std::vector<double> importances(const TrainedModel& model, const Examples& calibration,
                                  const nn::Parameter& p) const {
    if (importance == Importance::kNone) return {};
    const auto squares = input_squares(model, calibration);
    const auto found = squares.find(layer_of(p));
    if (found == squares.end()) return {};
    std::vector<double> out = found->second;
    const double mean =
        std::accumulate(out.begin(), out.end(), 0.0) / static_cast<double>(out.size());
    if (mean == 0.0) return {};
    for (double& x : out) x = std::max(x / mean, 1e-4);
    return out;
  }
};
ASSAY_REGISTER(Quantizer, KQuant);

}  // namespace
}  // namespace assay::quantizers
