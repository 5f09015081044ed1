// An auto-encoder with a discrete code: x -> relu layers -> `latents` rows of `features` numbers,
// each quantized by the codebook -> relu layers in reverse -> x'. Perceptrons take the place of the
// source's convolutions, and the rows that of its positions. Trained with the objective "mse".
#include "components/codebooks/codebook.h"
#include "components/models/model.h"

namespace assay::models {
namespace {

struct VqAutoencoder final : Model {
  static constexpr Info kInfo{"vq-autoencoder", 1, "Auto-encoder with a discrete code.",
                              "van den Oord et al. 2017, arXiv:1711.00937, section 3"};
  static constexpr std::string_view kExample =
      "hidden = [5], latents = 2, features = 3, codebook = { use = \"vq\", codes = 4 }";
  std::vector<int> hidden = {64};
  int latents = 4;
  int features = 8;
  Slot<Codebook> codebook{"vq"};

  static void params(Params<VqAutoencoder>& p) {
    p.add("hidden", &VqAutoencoder::hidden)
        .range(1, 65536)
        .unit("units")
        .doc("Width of each layer before the code; the same in reverse after it.");
    p.add("latents", &VqAutoencoder::latents)
        .range(1, 65536)
        .unit("rows")
        .doc("That the codebook quantizes for each example.");
    p.add("features", &VqAutoencoder::features)
        .range(1, 65536)
        .unit("units")
        .doc("Width of such a row.");
    p.add("codebook", &VqAutoencoder::codebook).doc("Quantizes the rows; none: they stay as is.");
  }
  Output output() const override { return Output::kInputs; }

  static nn::Name encoder(std::size_t i) { return nn::Name("encoder", i + 1); }
  static nn::Name decoder(std::size_t i) { return nn::Name("decoder", i + 1); }

  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    int width = input_width(format);
    for (std::size_t i = 0; i < hidden.size(); ++i) {
      nn::declare_linear(out, encoder(i), width, hidden[i], 2.0, init);
      width = hidden[i];
    }
    nn::declare_linear(out, "latent", width, latents * features, 1.0, init);
    if (codebook) codebook->declare(out, "codes", features, init);
    width = latents * features;
    for (std::size_t i = hidden.size(); i-- > 0;) {
      nn::declare_linear(out, decoder(i), width, hidden[i], 2.0, init);
      width = hidden[i];
    }
    nn::declare_linear(out, "output", width, input_width(format), 1.0, init);
  }

  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    nn::Var x = pass.site("input", input_of(pass, format, batch));
    for (std::size_t i = 0; i < hidden.size(); ++i)
      x = pass.linear(encoder(i), x, nn::Activation::kRelu);
    x = nn::reshape(pass.linear("latent", x), {batch.count * latents, features});
    if (codebook) x = codebook->quantize(pass, "codes", x).value;
    x = nn::reshape(pass.site("codes", x), {batch.count, latents * features});
    for (std::size_t i = hidden.size(); i-- > 0;)
      x = pass.linear(decoder(i), x, nn::Activation::kRelu);
    return pass.linear("output", x);
  }

  // A codebook's projections act on each row; its search is not counted.
  double multiply_adds(const nn::Parameters& parameters,
                       const DataFormat& /*format*/) const override {
    double total = 0.0;
    for (const nn::Parameter& p : parameters)
      if (p.role == nn::Role::kWeight)
        total += kept(p) * (p.name.starts_with("codes.") ? latents : 1);
    return total;
  }
};
ASSAY_REGISTER(Model, VqAutoencoder);

}  // namespace
}  // namespace assay::models
