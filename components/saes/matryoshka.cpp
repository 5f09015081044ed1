// A batch-topk autoencoder whose first latents must do alone: loss = the sum over prefixes m of
// mean |x - (b + the first m rows of D by their codes)|², + AuxK of the whole. Bussmann et al.
// 2025, eq. 3. The paper doubles the prefix four times up to the whole dictionary.
#include <cmath>

#include "components/saes/batch_topk.h"
#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

struct Matryoshka final : BatchTopkBase {
  static constexpr Info kInfo{"matryoshka", 1, "BatchTopK with nested dictionaries.",
                              "Bussmann et al. 2025, arXiv:2503.17547"};
  static constexpr std::string_view kExample = "latents = 12, prefixes = [0.25, 0.5, 1.0]";
  std::vector<float> prefixes = {0.0625F, 0.125F, 0.25F, 0.5F, 1.0F};

  static void params(Params<Matryoshka>& p) {
    batch_topk_params(p);
    p.add("prefixes", &Matryoshka::prefixes)
        .above(0)
        .at_most(1)
        .min_count(1)
        .doc("Shares of the latents that rebuild alone, ascending; the last is 1.");
  }
  std::string check() const override {
    if (std::string wrong = BatchTopkBase::check(); !wrong.empty()) return wrong;
    if (prefixes.back() != 1.0F) return "prefixes: the last must be 1, the whole dictionary";
    for (std::size_t i = 1; i < prefixes.size(); ++i)
      if (size(i) <= size(i - 1))
        return "prefixes: each must hold more of the " + std::to_string(latents_count) +
               " latents than the one before";
    return {};
  }
  nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const override {
    const nn::Var code = encode(pass, x), rows = directions(pass);
    const nn::Var b = pass.parameter("decoder.bias");
    nn::Var sum, error;
    int first = 0;
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
      const int count = size(i) - first;
      const nn::Var part = nn::matmul(nn::slice_columns(code, first, count),
                                      nn::gather_rows(rows, range(pass, first, count)));
      sum = sum.valid() ? nn::add(sum, part) : nn::add_row(part, b);
      const nn::Var own = mean_square(sum, target);
      error = error.valid() ? nn::add(error, own) : own;
      first += count;
    }
    return finish(pass, error, x, code, sum);
  }

 private:
  int size(std::size_t prefix) const {
    return std::max(1, static_cast<int>(std::lround(prefixes[prefix] * latents_count)));
  }
  static std::span<const int> range(nn::Forward& pass, int first, int count) {
    const auto out = pass.tape().scratch<int>(static_cast<std::size_t>(count));
    std::iota(out.begin(), out.end(), first);
    return out;
  }
};
ASSAY_REGISTER(Sae, Matryoshka);

}  // namespace
}  // namespace assay::saes
