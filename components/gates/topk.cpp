// The k gates with the largest scores are 1, the others 0; ties go to the lower feature. Scores are
// learnt by the gradient of their gates, passed straight through (edge-popup: Ramanujan et al.
// 2020, eq. 4, there for weights and by gradient descent); they begin as small noise, so that the
// first choice is one of chance. Adam moves scores whose gradients keep their sign by equal steps,
// however large those are, and so tells them apart less well.
#include <cmath>

#include "components/gates/logit_gate.h"

namespace assay::gates {
namespace {

struct Topk final : Gate {
  static constexpr Info kInfo{"topk", 1, "Keeps the features with the largest learnt scores.",
                              "Ramanujan et al. 2020, arXiv:1911.13299, eq. 4", true};
  static constexpr bool kSurrogate = true;
  std::optional<int> k;
  float share = 0.5F;
  float deviation = 0.01F;

  static void params(Params<Topk>& p) {
    p.add("k", &Topk::k).range(1, 65536).unit("features").doc("Kept; else `share` says how many.");
    p.add("share", &Topk::share)
        .range(0, 1)
        .doc("Of the features kept, rounded, one at least.")
        .source("section 4: best near one half");
    p.add("deviation", &Topk::deviation).at_least(0).doc("Of the scores before training.");
  }
  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& init) const override {
    if (k && *k > features)
      throw std::runtime_error("topk: k = " + std::to_string(*k) + " is more than the " +
                               std::to_string(features) + " features of " + std::string(name));
    const nn::Name scores(name, ".score");
    out.add(scores, nn::Tensor::normal({features}, deviation, init.fork(scores)), nn::Role::kGate);
  }
  nn::Var apply(nn::Forward& pass, std::string_view name, nn::Var x) const override {
    const nn::Var scores = pass.parameter(nn::Name(name, ".score"));
    const int features = scores.shape().back();
    const int kept = k ? *k : std::max(1, static_cast<int>(std::lround(share * features)));
    const std::span<const int> best = nn::largest_columns(nn::reshape(scores, {1, features}), kept);
    const nn::Var hard = pass.tape().constant(scores.shape(), [&](nn::Tensor& out) {
      out.fill(0.0);
      for (const int j : best) out.set(j, 1.0);
    });
    return gated(pass, name, x, nn::straight_through(hard, scores));
  }
};
ASSAY_REGISTER(Gate, Topk);

}  // namespace
}  // namespace assay::gates
