// Lion: x -= lr (sign(beta1 m + (1 - beta1) g) + lambda x), then m = beta2 m + (1 - beta2) g (Chen
// et al. 2023, algorithm 2). The sign of 0 is 0.
#include "components/nn/dispatch.h"
#include "components/optimizers/schedule.h"

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
        .at_least(0)
        .doc("Of weights and embeddings, decoupled; not of biases, gates and routers.");
  }
  std::unique_ptr<OptimizerState> begin(const nn::Parameters& parameters,
                                        int total_steps) const override;
};

class LionState final : public OptimizerState {
 public:
  LionState(const Lion& rule, const nn::Parameters& parameters, int total)
      : rule_(rule),
        total_(total) {
    for (const nn::Parameter& p : parameters)
      momentum_.emplace_back(p.value.shape(), p.value.dtype());
  }
  void step(nn::Parameters& parameters, const Gradients& gradients) override {
    const double rate = rule_.rate(step_++, total_);
    std::size_t index = 0;
    for (nn::Parameter& p : parameters) {
      const std::size_t at = index++;
      const nn::Tensor* gradient = gradients.of(p, at);
      if (!gradient) continue;
      nn::dispatch(p.value.dtype(), [&](auto t) {
        using T = decltype(t);
        update<T>(p, gradient->data<T>(), momentum_[at].data<T>(), static_cast<T>(rate));
      });
    }
  }
  void save(Archive& out, const std::string& prefix) const override {
    out.put(prefix + "/step", Array::of<std::int64_t>(std::span(&step_, 1), {1}));
    for (std::size_t i = 0; i < momentum_.size(); ++i)
      out.put(prefix + "/momentum/" + std::to_string(i), momentum_[i].to_array());
  }
  void load(const Archive& in, const std::string& prefix) override {
    step_ = in.array(prefix + "/step").as<std::int64_t>()[0];
    for (std::size_t i = 0; i < momentum_.size(); ++i)
      momentum_[i] = nn::Tensor::from_array(in.array(prefix + "/momentum/" + std::to_string(i)));
  }

 private:
  template <class T>
  void update(nn::Parameter& p, std::span<const T> g, std::span<T> m, T rate) const {
    const T beta1 = rule_.beta1, beta2 = rule_.beta2;
    const T decay = decays(p) ? rule_.weight_decay : 0.0F;
    const auto x = p.value.data<T>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const T way = beta1 * m[i] + (T(1) - beta1) * g[i];
      const T sign = static_cast<T>(way > T(0)) - static_cast<T>(way < T(0));
      x[i] -= rate * (sign + decay * x[i]);
      m[i] = beta2 * m[i] + (T(1) - beta2) * g[i];
    }
    for (std::size_t i = 0; !p.mask.empty() && i < x.size(); ++i) x[i] *= p.mask.data<T>()[i];
  }

  const Lion& rule_;
  int total_;
  std::int64_t step_ = 0;
  std::vector<nn::Tensor> momentum_;
};

std::unique_ptr<OptimizerState> Lion::begin(const nn::Parameters& parameters,
                                            int total_steps) const {
  return std::make_unique<LionState>(*this, parameters, total_steps);
}
ASSAY_REGISTER(Optimizer, Lion);

}  // namespace
}  // namespace assay::optimizers
