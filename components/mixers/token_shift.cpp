// y_t = W (mu * x_t + (1 - mu) * x_{t-1}), with mu learnt for each feature and x_{-1} = 0: the
// token shift of RWKV, which alone mixes one position back; stacked, a block sees one more each.
#include "components/mixers/mixer.h"
#include "runner/registry/registry.h"

namespace assay::mixers {
namespace {

struct TokenShift final : Mixer {
  static constexpr Info kInfo{"token-shift", 1, "Mixes each position with the one before.",
                              "Peng et al. 2023, arXiv:2305.13048 (token shift)"};
  float start = 0.5F;

  static void params(Params<TokenShift>& p) {
    p.add("start", &TokenShift::start).range(0, 1).doc("mu before training.");
  }
  bool causal() const override { return true; }
  bool incremental() const override { return true; }
  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& init) const override {
    out.add(nn::Name(name, ".mu"), nn::Tensor::full({features}, start), nn::Role::kOther);
    nn::declare_linear(out, nn::Name(name, ".project"), features, features, 1.0, init);
  }
  nn::Var mix(nn::Forward& pass, std::string_view name, nn::Var now, int length) const override {
    const int rows = now.shape()[0];
    const auto before = pass.tape().scratch<int>(static_cast<std::size_t>(rows));
    for (int i = 0; i < rows; ++i)
      before[static_cast<std::size_t>(i)] = i % length == 0 ? i : i - 1;
    const nn::Var exists = pass.tape().constant({rows}, [&](nn::Tensor& out) {
      for (int i = 0; i < rows; ++i) out.set(i, i % length == 0 ? 0.0 : 1.0);
    });
    nn::Var last = nn::multiply_column(nn::gather_rows(now, before), exists);
    if (nn::KeyValueCache* cache = pass.cache())
      last = go_on(pass, *cache, name, last, now, length);
    // x_{t-1} + mu (x_t - x_{t-1}).
    const nn::Var mixed = nn::add(
        last, nn::multiply_row(nn::subtract(now, last), pass.parameter(nn::Name(name, ".mu"))));
    return pass.linear(nn::Name(name, ".project"), mixed);
  }

 private:
  // With the positions that the cache holds in place of the zeros before each sequence; the last
  // ones take their place there.
  static nn::Var go_on(nn::Forward& pass, nn::KeyValueCache& cache, std::string_view name,
                       nn::Var last, nn::Var now, int length) {
    const int batch = now.shape()[0] / length, features = now.shape().back();
    nn::Tensor& state = cache.state(name, {batch, features});
    const auto firsts = pass.tape().scratch<int>(static_cast<std::size_t>(batch));
    for (int b = 0; b < batch; ++b) firsts[static_cast<std::size_t>(b)] = b * length;
    last = nn::add(last, nn::scatter_add_rows(pass.tape().constant(state), firsts, now.shape()[0]));
    const nn::Tensor& values = pass.tape().value(now);
    for (std::int64_t i = 0; i < state.count(); ++i)
      state.set(i, values.get(((i / features + 1) * length - 1) * features + i % features));
    return last;
  }
};
ASSAY_REGISTER(Mixer, TokenShift);

}  // namespace
}  // namespace assay::mixers
