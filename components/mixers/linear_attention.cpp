// Attention without a softmax, in time linear in the length: S_t = a_t S_{t-1} + f(k_t)ᵀ v_t,
// y_t = f(q_t) S_t for each head, each head's output normalised, then projected. Without decay
// (a = 1) it is linear attention, with a fixed decay for each head retention, with
// a_t = sigmoid(w x_t)^(1/16) gated linear attention with one gate for each head.
#include <cmath>

#include "components/mixers/heads.h"
#include "components/mixers/mixer.h"
#include "runner/registry/registry.h"

namespace assay::mixers {
namespace {

struct LinearAttention final : Mixer {
  enum class Decay { kNone, kFixed, kGated };
  static constexpr Info kInfo{
      "linear-attention", 1, "Linear attention, with or without decay.",
      "Katharopoulos et al. 2020, arXiv:2006.16236; fixed decay: Sun et al. 2023, "
      "arXiv:2307.08621; gated: Yang et al. 2023, arXiv:2312.06635"};
  int heads = 2;
  Decay decay = Decay::kGated;

  static void params(Params<LinearAttention>& p) {
    p.add("heads", &LinearAttention::heads)
        .range(1, 1024)
        .unit("heads")
        .doc("They divide the width.");
    p.add("decay", &LinearAttention::decay, {"none", "fixed", "gated"})
        .doc("Of what was seen: none, 1 - 2^(-5-h) for head h, or by a gate.");
  }
  bool causal() const override { return true; }
  bool incremental() const override { return true; }
  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& init) const override {
    if (features % heads != 0)
      throw std::runtime_error("linear-attention: " + std::to_string(heads) +
                               " heads do not divide " + std::to_string(features) + " features");
    for (const char* part : {".query", ".key", ".value", ".output"})
      nn::declare_linear(out, nn::Name(name, part), features, features, 1.0, init);
    if (decay == Decay::kGated)
      nn::declare_linear(out, nn::Name(name, ".decay"), features, heads, 1.0, init,
                         nn::Role::kGate);
    out.add(nn::Name(name, ".norm.gain").view(), nn::Tensor::full({features / heads}, 1.0),
            nn::Role::kOther);
  }
  nn::Var mix(nn::Forward& pass, std::string_view name, nn::Var x, int length) const override {
    const int rows = x.shape()[0], features = x.shape().back();
    const nn::Var q = positive(pass.linear(nn::Name(name, ".query"), x)),
                  k = positive(pass.linear(nn::Name(name, ".key"), x)),
                  v = pass.linear(nn::Name(name, ".value"), x);
    const int w = features / heads;
    nn::Tensor* state =
        pass.cache() ? &pass.cache()->state(name, {rows / length * heads, w, w}) : nullptr;
    const nn::Var y =
        nn::gated_linear_attention(q, k, v, log_decay(pass, name, x), length, heads, state);
    // The sum over keys grows with the length; each head's norm takes the growth away.
    const nn::Var normal = nn::rms_norm(nn::reshape(y, {rows * heads, w}),
                                        pass.parameter(nn::Name(name, ".norm.gain")));
    const nn::Var out = pass.site(nn::Name(name, ".heads"), nn::reshape(normal, {rows, features}));
    return pass.linear(nn::Name(name, ".output"), head_sites(pass, name, out, heads));
  }
  double multiply_adds(int length, int features) const override {
    return 2.0 * length * features * (static_cast<double>(features) / heads);
  }

 private:
  // elu(x) + 1 = e^x below 0, else x + 1.
  static nn::Var positive(nn::Var x) {
    return nn::add(nn::relu(x), nn::exp(nn::clamp(x, -30.0, 0.0)));
  }
  nn::Var log_decay(nn::Forward& pass, std::string_view name, nn::Var x) const {
    if (decay == Decay::kGated)  // log sigmoid(z) / 16
      return nn::scale(nn::softplus(nn::scale(pass.linear(nn::Name(name, ".decay"), x), -1.0)),
                       -1.0 / 16.0);
    return pass.tape().constant({x.shape()[0], heads}, [&](nn::Tensor& out) {
      for (std::int64_t i = 0; i < out.count(); ++i)
        out.set(i, decay == Decay::kNone
                       ? 0.0
                       : std::log1p(-std::exp2(-5.0 - static_cast<double>(i % heads))));
    });
  }
};
ASSAY_REGISTER(Mixer, LinearAttention);

}  // namespace
}  // namespace assay::mixers
