// 10 log10(sum w² / sum (w - w')²) in decibels, w being weights of the reference and w' those of
// the model: over the weights of layers that are stored in fewer bits than the reference's, or over
// all weights where there are none. At most 150 dB, about what the 24 bits of a float's mantissa
// give: that is written where nothing differs.
#include <algorithm>
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

constexpr double kMost = 150.0;

struct WeightSnr final : Metric {
  static constexpr Info kInfo{
      "weight-snr", 1, "Signal to noise of quantized weights against a reference, in dB.", ""};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "model reference"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const Power quantized = power(e, true);
    const Power found = quantized.weights > 0 ? quantized : power(e, false);
    if (found.noise == 0.0) return sink("weight-snr", kMost);
    if (found.signal == 0.0) throw std::runtime_error("weight-snr: the reference's weights are 0");
    sink("weight-snr", std::min(kMost, 10.0 * std::log10(found.signal / found.noise)));
  }

 private:
  struct Power {
    double signal = 0.0, noise = 0.0, weights = 0.0;
  };
  static Power power(const Evaluation& e, bool quantized_alone) {
    Power out;
    for (const nn::Parameter& p : e.model->parameters) {
      if (p.role != nn::Role::kWeight) continue;
      const nn::Parameter* q = e.reference->parameters.find(p.name);
      if (!q || !(q->value.shape() == p.value.shape()))
        throw std::runtime_error("weight-snr: the reference has no " + p.name + " of " +
                                 p.value.shape().text());
      if (quantized_alone && p.bits >= q->bits) continue;
      for (std::int64_t i = 0; i < p.value.count(); ++i) {
        const double w = q->value.get(i), gap = w - p.value.get(i);
        out.signal += w * w;
        out.noise += gap * gap;
      }
      out.weights += static_cast<double>(p.value.count());
    }
    return out;
  }
};
ASSAY_REGISTER(Metric, WeightSnr);

}  // namespace
}  // namespace assay::metrics
