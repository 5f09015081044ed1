// Lion: x -= lr (sign(beta1 m + (1 - beta1) g) + lambda x), then m = beta2 m + (1 - beta2) g (Chen
// et al. 2023, algorithm 2). The sign of 0 is 0.
#include "components/optimizers/momentum.h"

namespace assay::optimizers {
namespace {

struct Lion final : Schedule {
  static constexpr Info kInfo{"lion", 1, "Sign of an interpolated momentum (Lion).",
                              "Chen et al. 2023, arXiv:2302.06675, algorithm 2"};
  Lion() { lr = 1e-4F; }
  float beta1 = 0.9F;
  float beta2 = 0.99F;
  float weight_decay = 0.0F;

  static void params(Params<Lion>& p) {
    schedule_params(p);
    p.add("beta1", &Lion::beta1)
        .at_least(0)
        .below(1)
        .doc("Share of the momentum in what gives the sign.")
        .source("Chen et al. 2023, section 5");
    p.add("beta2", &Lion::beta2)
        .at_least(0)
        .below(1)
        .doc("Decay of the momentum.")
        .source("Chen et al. 2023, section 5");
    p.add("weight_decay", &Lion::weight_decay)
        .neutral(0.0)
        .at_least(0)
        .doc("Of weights and embeddings, decoupled; not of biases, gates and routers.");
  }
  std::unique_ptr<OptimizerState> begin(const nn::Parameters& parameters,
                                        int total_steps) const override {
    return std::make_unique<MomentumState<Lion>>(*this, parameters, total_steps, "momentum");
  }
  template <class T>
  void update(nn::Parameter& p, std::span<const T> g, std::span<T> m, T rate) const {
    const T share = beta1, kept = beta2, decay = decays(p) ? weight_decay : 0.0F;
    const auto x = p.value.data<T>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const T way = share * m[i] + (T(1) - share) * g[i];
      const T sign = static_cast<T>(way > T(0)) - static_cast<T>(way < T(0));
      x[i] -= rate * (sign + decay * x[i]);
      m[i] = kept * m[i] + (T(1) - kept) * g[i];
    }
  }
};
ASSAY_REGISTER(Optimizer, Lion);

}  // namespace
}  // namespace assay::optimizers
