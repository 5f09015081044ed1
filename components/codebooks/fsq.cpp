// Finite scalar quantization: channel i of L_i levels is bounded and rounded (section 3.1 and the
// code of appendix A.1),
//   b = tanh(z + shift) h - offset,  h = (L - 1)(1 - 1e-3) / 2,  offset = 0 (odd L) or 1/2 (even),
//   shift = tan(offset / h),  value = round(b) / floor(L / 2),
// with a gradient straight through the rounding alone. The code is the channels' levels as the
// digits of one number, the first the lowest. Nothing is learnt but the projections that rows of
// another width need (codebook.h).
#include <cmath>

#include "components/codebooks/codebook.h"
#include "runner/registry/registry.h"

namespace assay::codebooks {
namespace {

struct Fsq final : Codebook {
  static constexpr Info kInfo{"fsq", 1, "Each channel rounded to a few levels.",
                              "Mentzer et al. 2023, arXiv:2309.15505, section 3"};
  static constexpr std::string_view kExample = "levels = [3, 4]";
  static constexpr bool kSurrogate = true;
  std::vector<int> levels = {8, 5, 5, 5};

  static void params(Params<Fsq>& p) {
    p.add("levels", &Fsq::levels)
        .range(2, 1024)
        .min_count(1)
        .unit("levels")
        .doc("Of each channel of the code.")
        .source("table 1");
  }
  std::string check() const override {
    double product = 1.0;
    for (const int l : levels) product *= l;
    return product <= 65536 ? "" : "levels make more than 65536 codes";
  }
  int width() const { return static_cast<int>(levels.size()); }
  int size() const override {
    int product = 1;
    for (const int l : levels) product *= l;
    return product;
  }
  int groups(int /*features*/) const override { return 1; }
  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& init) const override {
    declare_projections(out, name, features, width(), init);
  }

  // A number for each channel, from its count of levels.
  template <class F>
  nn::Var row(nn::Tape& tape, const F& of_levels) const {
    return tape.constant({width()}, [&](nn::Tensor& out) {
      for (std::size_t i = 0; i < levels.size(); ++i)
        out.set(static_cast<std::int64_t>(i), of_levels(levels[i]));
    });
  }
  static double half(int l) { return (l - 1) * (1 - 1e-3) / 2; }
  static double offset(int l) { return l % 2 == 1 ? 0.0 : 0.5; }
  nn::Var bounded(nn::Var z) const {
    nn::Tape& tape = *z.tape;
    const nn::Var shift = row(tape, [](int l) { return std::tan(offset(l) / half(l)); });
    const nn::Var squashed = nn::tanh(nn::add_row(z, shift));
    return nn::add_row(nn::multiply_row(squashed, row(tape, half)),
                       row(tape, [](int l) { return -offset(l); }));
  }

  Coded quantize(nn::Forward& pass, std::string_view name, nn::Var x) const override {
    nn::Tape& tape = pass.tape();
    const nn::Var b = bounded(project_in(pass, name, x, width()));
    const auto codes = tape.scratch<int>(static_cast<std::size_t>(x.shape()[0]));
    const nn::Var rounded = tape.constant(b.shape(), [&](nn::Tensor& out) {
      const nn::Tensor& from = tape.value(b);
      for (std::int64_t i = 0; i < out.count(); ++i) out.set(i, std::nearbyint(from.get(i)));
      for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = code_of(out, static_cast<int>(i));
    });
    add_codes(pass, name, codes, 1, size());
    const nn::Var value = nn::multiply_row(nn::straight_through(rounded, b),
                                           row(tape, [](int l) { return 1.0 / (l / 2); }));
    return {project_out(pass, name, value, x.shape().back()), codes};
  }
  int code_of(const nn::Tensor& rounded, int row) const {
    int code = 0, base = 1;
    for (int i = 0; i < width(); ++i) {
      const int l = levels[static_cast<std::size_t>(i)];
      const double level = rounded.at(row, i) + l / 2;
      code += base * (level > 0 ? static_cast<int>(level) : 0);  // NaN is level 0
      base *= l;
    }
    return code;
  }
};
ASSAY_REGISTER(Codebook, Fsq);

}  // namespace
}  // namespace assay::codebooks
