// Lookup-free quantization: bit i is the sign of channel i, the value ±1 (eq. 3), the code their
// binary number, the first bit the lowest. With p(bit i = 1) = sigmoid(4 z_i / T), the softmax of
// -|z_i - ±1|² / T, the losses are
//   entropy (E[H(p)] - diversity H(E[p])) + beta mean (z - sg(value))²
// (section 3.2): rows sure of their code, codes used alike. Bits of a row are independent, so its
// entropy is a sum; that of the mean is taken over all 2^bits codes, without the factorisation that
// large codebooks would need. The source states neither T nor beta.
#include "components/codebooks/codebook.h"
#include "runner/registry/registry.h"

namespace assay::codebooks {
namespace {

struct Lfq final : Codebook {
  static constexpr Info kInfo{"lfq", 1, "The signs of a few channels.",
                              "Yu et al. 2023, arXiv:2310.05737, section 3.2"};
  static constexpr std::string_view kExample = "bits = 3";
  static constexpr bool kSurrogate = true;
  int bits = 8;
  float entropy = 0.1F;
  float diversity = 1.0F;
  float temperature = 1.0F;
  float beta = 0.25F;

  static void params(Params<Lfq>& p) {
    p.add("bits", &Lfq::bits).range(1, 12).unit("bits").doc("Channels of the code.");
    p.add("entropy", &Lfq::entropy).at_least(0).doc("Weight of the entropy loss.");
    p.add("diversity", &Lfq::diversity)
        .at_least(0)
        .doc("Weight in it of the entropy of all rows together.");
    p.add("temperature", &Lfq::temperature).above(0).doc("T; larger is less sure.");
    p.add("beta", &Lfq::beta).at_least(0).doc("Weight of the commitment loss.");
  }
  int size() const override { return 1 << bits; }
  int groups(int /*features*/) const override { return 1; }
  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& init) const override {
    declare_projections(out, name, features, bits, init);
  }

  Coded quantize(nn::Forward& pass, std::string_view name, nn::Var x) const override {
    nn::Tape& tape = pass.tape();
    const nn::Var z = project_in(pass, name, x, bits);
    const auto codes = tape.scratch<int>(static_cast<std::size_t>(x.shape()[0]));
    std::fill(codes.begin(), codes.end(), 0);
    const nn::Var signs = tape.constant(z.shape(), [&](nn::Tensor& out) {
      const nn::Tensor& from = tape.value(z);
      for (std::int64_t i = 0; i < out.count(); ++i) {
        const int bit = from.get(i) > 0 ? 1 : 0;
        out.set(i, 2 * bit - 1);
        codes[static_cast<std::size_t>(i / bits)] += bit << (i % bits);
      }
    });
    add_codes(pass, name, codes, 1, size());
    if (pass.training()) add_losses(pass, name, z, signs);
    const nn::Var value = nn::straight_through(signs, z);
    return {project_out(pass, name, value, x.shape().back()), codes};
  }

  void add_losses(nn::Forward& pass, std::string_view name, nn::Var z, nn::Var signs) const {
    const double n = z.shape()[0];
    pass.add_loss(nn::Name(name, ".commitment"), nn::squared_distance(z, signs, beta / (n * bits)));
    if (entropy <= 0) return;
    const nn::Var a = nn::scale(z, 4.0 / temperature), p = nn::sigmoid(a);
    // H of a bit: log(1 + e^a) - a p.
    const nn::Var own =
        nn::scale(nn::sum(nn::subtract(nn::softplus(a), nn::multiply(a, p))), 1.0 / n);
    const nn::Var mean = nn::mean_rows(joint(p, nn::sigmoid(nn::scale(a, -1.0))));
    // Minus H; a probability of 0 times log(1e-30) is 0 all the same.
    const nn::Var minus = nn::sum(nn::multiply(mean, nn::log(nn::shift(mean, 1e-30))));
    pass.add_loss(nn::Name(name, ".entropy"),
                  nn::add(nn::scale(own, entropy), nn::scale(minus, entropy * diversity)));
  }

  // p, q: the probabilities that each bit is 1 and 0 -> those of every code, n x 2^bits.
  nn::Var joint(nn::Var p, nn::Var q) const {
    nn::Var out;
    for (int i = 0; i < bits; ++i) {
      const nn::Var zero = nn::slice_columns(q, i, 1), one = nn::slice_columns(p, i, 1);
      const nn::Var parts[] = {out.valid() ? nn::multiply_column(out, zero) : zero,
                               out.valid() ? nn::multiply_column(out, one) : one};
      out = nn::concat_columns(parts);
    }
    return out;
  }
};
ASSAY_REGISTER(Codebook, Lfq);

}  // namespace
}  // namespace assay::codebooks
