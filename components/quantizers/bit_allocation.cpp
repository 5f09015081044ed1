// Which layer gets which quantizer, for an average of stored bits (ZeroQ, Cai et al. 2020, section
// 3.2): the sensitivity of layer l to quantizer k is what quantizing it alone does to the outputs
// on the calibration examples, the mean KL divergence of the predictions (or, of outputs that are
// no labels, the mean squared change); those of all layers are taken to add up, and of all choices
// that keep to the budget that of the least sum is found exactly, as the Pareto front of bits and
// sums, layer by layer. Then the layers are quantized one after the other, each with the inputs
// that those before give. Departures: calibration examples stand in for the paper's distilled data,
// and bits count scales, as Parameter::bits does.
#include <algorithm>
#include <sstream>

#include "components/nn/logits.h"
#include "components/pruners/mask.h"
#include "components/quantizers/inputs.h"
#include "components/quantizers/transformed.h"

namespace assay::quantizers {
namespace {

double squared_change(const nn::Tensor& expected, const nn::Tensor& out) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < out.count(); ++i)
    sum += (out.get(i) - expected.get(i)) * (out.get(i) - expected.get(i));
  return sum / static_cast<double>(out.count());
}

// A choice for the layers so far: what it takes, what it costs, and where it came from.
struct Choice {
  double bits = 0.0, loss = 0.0;
  int candidate = -1;
  std::size_t before = 0;
};

// Of these, in order of bits, those that no other beats or equals in both.
std::vector<Choice> front_of(std::vector<Choice> all) {
  std::stable_sort(all.begin(), all.end(), [](const Choice& a, const Choice& b) {
    return a.bits != b.bits ? a.bits < b.bits : a.loss < b.loss;
  });
  std::vector<Choice> out;
  for (const Choice& choice : all)
    if (out.empty() || choice.loss < out.back().loss) out.push_back(choice);
  return out;
}

struct BitAllocation final : Quantizer {
  static constexpr Info kInfo{"bit-allocation", 1,
                              "Chooses a quantizer for each layer under a budget of bits.",
                              "Cai et al. 2020, arXiv:2001.00281, section 3.2"};
  static constexpr std::string_view kExample =
      "bits = 12.0, quantizers = [{ use = \"round-to-nearest\", bits = 2 }, { use = "
      "\"round-to-nearest\", bits = 8 }]";
  double bits = 4.0;
  std::vector<Slot<Quantizer>> quantizers;

  static void params(Params<BitAllocation>& p) {
    p.add("bits", &BitAllocation::bits)
        .above(0)
        .at_most(64)
        .unit("bits")
        .doc("For each weight on average at most, scales included.");
    p.add("quantizers", &BitAllocation::quantizers)
        .required()
        .min_count(1)
        .doc("To choose among; their own choices of layers do not count.");
  }
  bool idempotent() const override { return false; }

  void quantize(TrainedModel& model, const Examples& calibration, Stream stream) const override {
    const std::vector<nn::Parameter*> parameters = prunable(model);
    const std::vector<int> chosen = choose(model, parameters, calibration, stream);
    for (std::size_t i = 0; i < parameters.size(); ++i)
      quantize_layer(model, *parameters[i], calibration, chosen[i], stream);
  }

 private:
  void quantize_layer(const TrainedModel& model, nn::Parameter& p, const Examples& calibration,
                      int candidate, const Stream& stream) const {
    quantize_alone(p, layer_inputs(model, calibration, layer_of(p), p.value.shape().back()),
                   *quantizers[static_cast<std::size_t>(candidate)], stream.fork(p.name));
  }

  // One candidate for each parameter.
  std::vector<int> choose(TrainedModel& model, const std::vector<nn::Parameter*>& parameters,
                          const Examples& calibration, const Stream& stream) const {
    const nn::Tensor expected = model.outputs(calibration);
    double budget = 0.0;
    for (const nn::Parameter* p : parameters)
      budget += bits * static_cast<double>(p->value.count());
    std::vector<std::vector<Choice>> fronts{{Choice{}}};
    for (nn::Parameter* p : parameters) {
      std::vector<Choice> all;
      for (const Choice& own : options(model, *p, expected, calibration, stream))
        for (std::size_t i = 0; i < fronts.back().size(); ++i) {
          const Choice& before = fronts.back()[i];
          all.push_back({before.bits + own.bits, before.loss + own.loss, own.candidate, i});
        }
      fronts.push_back(front_of(std::move(all)));
    }
    return best_within(fronts, budget);
  }

  std::vector<Choice> options(TrainedModel& model, nn::Parameter& p, const nn::Tensor& expected,
                              const Examples& calibration, const Stream& stream) const {
    const nn::Parameter before = p;
    std::vector<Choice> out;
    for (int k = 0; k < static_cast<int>(quantizers.size()); ++k) {
      quantize_layer(model, p, calibration, k, stream);
      out.push_back({p.bits * static_cast<double>(p.value.count()),
                     loss(model, expected, calibration), k, 0});
      p = before;
    }
    return out;
  }

  static double loss(const TrainedModel& model, const nn::Tensor& expected,
                     const Examples& calibration) {
    const nn::Tensor out = model.outputs(calibration);
    return model.model->output(model.format) == Model::Output::kLabels
               ? nn::mean_kl(expected, out, model.format.classes)
               : squared_change(expected, out);
  }

  std::vector<int> best_within(const std::vector<std::vector<Choice>>& fronts,
                               double budget) const {
    const std::vector<Choice>& last = fronts.back();
    std::size_t at = last.size();
    // Sums of bits are of numbers that no binary fraction may hold: a little may be rounding.
    while (at > 0 && last[at - 1].bits > budget * (1.0 + 1e-9)) --at;
    if (at-- == 0) {
      std::ostringstream message;
      message << "bit-allocation: bits = " << bits << " for each weight is less than the least, "
              << bits * last.front().bits / budget << ", that these quantizers take";
      throw std::runtime_error(message.str());
    }
    std::vector<int> out(fronts.size() - 1);
    for (std::size_t layer = out.size(); layer > 0; --layer) {
      out[layer - 1] = fronts[layer][at].candidate;
      at = fronts[layer][at].before;
    }
    return out;
  }
};
ASSAY_REGISTER(Quantizer, BitAllocation);

}  // namespace
}  // namespace assay::quantizers
