// Sends each row by a fixed hash of its features: the signs of b random hyperplanes are a code of
// b bits, scrambled to a first expert; the k - 1 following ones join it; weights 1 / k. Roller et
// al. hash the token's identity by a random table, which is not visible here. The hyperplanes are
// drawn once and not learnt, but the features that they cut are, so that a token's expert can
// change while the layers below learn; rows alike share experts; and the load is as uneven as the
// codes are.
#include <cmath>

#include "components/routers/choice.h"
#include "runner/registry/registry.h"

namespace assay::routers {
namespace {

// SplitMix64's last steps (Steele et al. 2014): every bit of the code moves every bit.
std::uint64_t scrambled(std::uint64_t code) {
  code = (code + 0x9e3779b97f4a7c15U);
  code = (code ^ (code >> 30)) * 0xbf58476d1ce4e5b9U;
  code = (code ^ (code >> 27)) * 0x94d049bb133111ebU;
  return code ^ (code >> 31);
}

struct Hash final : Router {
  static constexpr Info kInfo{"hash", 1, "A fixed hash of the features by random hyperplanes.",
                              "Roller et al. 2021, arXiv:2106.04426; hyperplanes: Charikar 2002"};
  int k = 1;
  int bits = 8;

  static void params(Params<Hash>& p) {
    p.add("k", &Hash::k)
        .range(1, kMaxExperts)
        .unit("experts")
        .doc("For each row.")
        .source("Roller et al. 2021, section 3");
    p.add("bits", &Hash::bits).range(1, 62).unit("hyperplanes").doc("Of the code.");
  }
  std::string check_experts(int experts) const override { return k_fits(k, experts); }
  double visits(int /*experts*/) const override { return k; }

  void declare(nn::Parameters& out, std::string_view name, int features, int /*experts*/,
               const Stream& init) const override {
    out.add(nn::Name(name, ".hyperplanes").text(),
            nn::Tensor::normal({bits, features}, 1.0, init.fork(nn::Name(name, ".hyperplanes"))),
            nn::Role::kOther);
  }
  Assignment route(nn::Forward& pass, std::string_view name, nn::Var x,
                   int experts) const override {
    nn::Tape& tape = pass.tape();
    const nn::Tensor& planes = pass.parameters().get(nn::Name(name, ".hyperplanes")).value;
    const nn::Tensor& sides = tape.value(nn::matmul_transposed(x, tape.constant(planes)));
    const int n = x.shape()[0];
    const auto per_row = static_cast<std::size_t>(k);
    const auto chosen = tape.scratch<int>(static_cast<std::size_t>(n) * per_row);
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
      std::uint64_t code = 0;
      for (int b = 0; b < bits; ++b)
        code = code << 1 | (sides.get(static_cast<std::int64_t>(i) * bits + b) > 0 ? 1U : 0U);
      const auto all = static_cast<std::uint64_t>(experts), first = scrambled(code) % all;
      for (std::size_t j = 0; j < per_row; ++j)
        chosen[i * per_row + j] = static_cast<int>((first + j) % all);
    }
    const Assignment out{k, chosen, equal_weights(tape, n, k)};
    add_load(pass, name, out.experts, experts);
    add_routing_entropy(pass, name, n, std::log(k));
    return out;
  }
};
ASSAY_REGISTER(Router, Hash);

}  // namespace
}  // namespace assay::routers
