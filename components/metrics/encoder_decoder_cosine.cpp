// Mean over latents of the cosine of the row that reads a latent ("encoder.weight") with the row
// that it writes ("decoder.weight"); a row of zeros counts 0.
#include "components/metrics/dictionary_match.h"
#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct EncoderDecoderCosine final : Metric {
  static constexpr Info kInfo{"encoder-decoder-cosine", 1,
                              "Mean cosine of what a latent reads with what it writes.",
                              "SAEBench (Karvonen et al. 2025)"};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Parameter* encoder = e.sae->parameters.find("encoder.weight");
    const nn::Tensor& write = e.sae->parameters.get("decoder.weight").value;
    if (!encoder || !(encoder->value.shape() == write.shape()))
      throw std::runtime_error(
          "encoder-decoder-cosine needs an autoencoder with an encoder as wide as its decoder");
    double sum = 0.0;
    for (int l = 0; l < write.shape()[0]; ++l) sum += row_cosine(encoder->value, l, write, l);
    sink("encoder-decoder-cosine", sum / write.shape()[0]);
  }
};
ASSAY_REGISTER(Metric, EncoderDecoderCosine);

}  // namespace
}  // namespace assay::metrics
