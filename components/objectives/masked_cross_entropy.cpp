// Masked-token prediction, the training of masked diffusion models (Sahoo et al. 2024, MDLM; Nie et
// al. 2025, LLaDA, eq. 3): each example draws a ratio t uniform in (0, 1], each of its tokens
// becomes the mask (token 0) with probability t, and the loss counts masked positions alone. The
// labels are the tokens of the solution minus 1. The mean is over masked positions rather than
// weighted by 1/t.
#include "components/objectives/weights.h"

namespace assay::objectives {
namespace {

struct MaskedCrossEntropy final : Objective {
  static constexpr Info kInfo{"masked-cross-entropy", 1, "Cross-entropy of masked tokens.",
                              "Nie et al. 2025, arXiv:2502.09992, eq. 3", true};
  static constexpr std::string_view kNeutral = "";  // what the model gives fits no other
  struct Masked {
    Examples examples;
    std::vector<int> labels;
  };
  bool weighs() const override { return true; }
  nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
               const Examples& batch) const override {
    if (!format.tokens || format.positions != format.width)
      throw std::runtime_error("masked-cross-entropy needs tokens with a label at each position");
    auto& [masked, labels] = pass.kept<Masked>();
    masked.count = batch.count;
    masked.tokens.resize(batch.labels.size());
    labels.assign(batch.labels.begin(), batch.labels.end());
    Stream stream = pass.stream("mask");
    const auto width = static_cast<std::size_t>(format.width);
    for (std::size_t i = 0; i < static_cast<std::size_t>(batch.count); ++i) {
      const double ratio = 1.0 - stream.uniform();
      for (std::size_t j = i * width; j < (i + 1) * width; ++j) {
        const bool hide = stream.uniform() < ratio;
        masked.tokens[j] = hide ? 0 : batch.labels[j] + 1;
        if (!hide) labels[j] = -1;
      }
    }
    const nn::Var out = model.forward(pass, format, masked);
    const int rows = batch.count * format.positions;
    return cross_entropy(nn::reshape(out, {rows, format.classes}), labels, row_weights(pass, rows));
  }
};
ASSAY_REGISTER(Objective, MaskedCrossEntropy);

}  // namespace
}  // namespace assay::objectives
