// Vector quantization: a row becomes the nearest of `codes` learnt vectors e (eq. 1-2), its
// gradient goes straight through, and two losses are added, |sg(x) - e|² + beta |x - sg(e)|² (eq.
// 3, means over the features too). With `ema` moving averages take the place of the first (appendix
// A.1). Restarts of unused vectors by Dhariwal et al. 2020 (Jukebox).
#include "components/codebooks/vector_codes.h"

namespace assay::codebooks {
namespace {

struct Vq final : VectorCodes {
  static constexpr Info kInfo{"vq", 1, "The nearest of learnt vectors.",
                              "van den Oord et al. 2017, arXiv:1711.00937, eq. 1-3", true};
  static constexpr std::string_view kExample = "codes = 8, ema = true, restart = 0.1";
  static constexpr bool kSurrogate = true;

  static void params(Params<Vq>& p) { vector_codes_params(p); }
  int groups(int /*features*/) const override { return 1; }
  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& init) const override {
    declare_vectors(out, name, features, init);
  }
  Coded quantize(nn::Forward& pass, std::string_view name, nn::Var x) const override {
    const Nearest found = nearest(pass, name, x);
    add_codes(pass, name, found.codes, 1, codes);
    return {nn::straight_through(found.value, x), found.codes};
  }
};
ASSAY_REGISTER(Codebook, Vq);

}  // namespace
}  // namespace assay::codebooks
