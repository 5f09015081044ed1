// Residual vector quantization (algorithm 1): each stage takes the vector nearest to what the
// stages before it left over, and the value is the sum. Each stage has the losses of vq on its own
// residual. Without the source's start by k-means and its dropout of stages.
#include <algorithm>

#include "components/codebooks/vector_codes.h"

namespace assay::codebooks {
namespace {

struct ResidualVq final : VectorCodes {
  static constexpr Info kInfo{"residual-vq", 1, "Stages of vq, each of what the last left over.",
                              "Zeghidour et al. 2021, arXiv:2107.03312, algorithm 1", true};
  static constexpr std::string_view kExample = "codes = 5, stages = 2, ema = true, restart = 0.1";
  static constexpr bool kSurrogate = true;
  ResidualVq() { codes = 32; }
  int stages = 2;

  static void params(Params<ResidualVq>& p) {
    vector_codes_params(p);
    p.add("stages", &ResidualVq::stages).range(1, 64).unit("stages").doc("Codes of each row.");
  }
  int groups(int /*features*/) const override { return stages; }
  static nn::Name stage(std::string_view name, int i) { return nn::Name(name, ".stage", i + 1); }

  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& init) const override {
    for (int i = 0; i < stages; ++i) declare_vectors(out, stage(name, i), features, init);
  }
  Coded quantize(nn::Forward& pass, std::string_view name, nn::Var x) const override {
    const auto n = static_cast<std::size_t>(x.shape()[0]);
    const auto width = static_cast<std::size_t>(stages);
    const auto all = pass.tape().scratch<int>(n * width);
    nn::Var rest = x, sum;
    for (int i = 0; i < stages; ++i) {
      const Nearest found = nearest(pass, stage(name, i), rest);
      for (std::size_t row = 0; row < n; ++row)
        all[row * width + static_cast<std::size_t>(i)] = found.codes[row];
      sum = sum.valid() ? nn::add(sum, found.value) : found.value;
      rest = nn::subtract(rest, found.value);
    }
    add_codes(pass, name, all, stages, codes);
    return {nn::straight_through(sum, x), all};
  }
};
ASSAY_REGISTER(Codebook, ResidualVq);

}  // namespace
}  // namespace assay::codebooks
