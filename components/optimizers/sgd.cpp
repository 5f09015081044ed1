// Stochastic gradient descent with momentum: v = mu v + g, x -= lr v (or g + mu v with Nesterov's),
// as in Sutskever et al. 2013.
#include "components/optimizers/momentum.h"

namespace assay::optimizers {
namespace {

struct Sgd final : Schedule {
  static constexpr Info kInfo{"sgd", 1, "Stochastic gradient descent with momentum.",
                              "Sutskever et al. 2013"};
  Sgd() { lr = 0.1F; }
  float momentum = 0.9F;
  bool nesterov = false;
  float weight_decay = 0.0F;

  static void params(Params<Sgd>& p) {
    schedule_params(p);
    p.add("momentum", &Sgd::momentum).neutral(0.0).at_least(0).below(1).doc("mu.");
    p.add("nesterov", &Sgd::nesterov).doc("Looks ahead by one momentum step.");
    p.add("weight_decay", &Sgd::weight_decay)
        .neutral(0.0)
        .at_least(0)
        .doc("Of weights and embeddings, added to the gradient.");
  }
  std::unique_ptr<OptimizerState> begin(const nn::Parameters& parameters,
                                        int total_steps) const override {
    return std::make_unique<MomentumState<Sgd>>(*this, parameters, total_steps, "velocity");
  }
  template <class T>
  void update(nn::Parameter& p, std::span<const T> g, std::span<T> v, T rate) const {
    const T mu = momentum, decay = decays(p) ? weight_decay : 0.0F;
    const auto x = p.value.data<T>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const T slope = g[i] + decay * x[i];
      v[i] = mu * v[i] + slope;
      x[i] -= rate * (nesterov ? slope + mu * v[i] : v[i]);
    }
  }
};
ASSAY_REGISTER(Optimizer, Sgd);

}  // namespace
}  // namespace assay::optimizers
