// Stochastic gradient descent with momentum: v = mu v + g, x -= lr v (or g + mu v with Nesterov's),
// as in Sutskever et al. 2013.
#include "components/nn/dispatch.h"
#include "components/optimizers/schedule.h"

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
    p.add("momentum", &Sgd::momentum).at_least(0).below(1).doc("mu.");
    p.add("nesterov", &Sgd::nesterov).doc("Looks ahead by one momentum step.");
    p.add("weight_decay", &Sgd::weight_decay)
        .at_least(0)
        .doc("Of weights and embeddings, added to the gradient.");
  }
  std::unique_ptr<OptimizerState> begin(const nn::Parameters& parameters,
                                        int total_steps) const override;
};

class SgdState final : public OptimizerState {
 public:
  SgdState(const Sgd& rule, const nn::Parameters& parameters, int total)
      : rule_(rule),
        total_(total) {
    for (const nn::Parameter& p : parameters)
      velocity_.emplace_back(p.value.shape(), p.value.dtype());
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
        update<T>(p, gradient->data<T>(), velocity_[at].data<T>(), static_cast<T>(rate));
      });
    }
  }
  void save(Archive& out, const std::string& prefix) const override {
    out.put(prefix + "/step", Array::of<std::int64_t>(std::span(&step_, 1), {1}));
    for (std::size_t i = 0; i < velocity_.size(); ++i)
      out.put(prefix + "/velocity/" + std::to_string(i), velocity_[i].to_array());
  }
  void load(const Archive& in, const std::string& prefix) override {
    step_ = in.array(prefix + "/step").as<std::int64_t>()[0];
    for (std::size_t i = 0; i < velocity_.size(); ++i)
      velocity_[i] = nn::Tensor::from_array(in.array(prefix + "/velocity/" + std::to_string(i)));
  }

 private:
  template <class T>
  void update(nn::Parameter& p, std::span<const T> g, std::span<T> v, T rate) const {
    const T momentum = rule_.momentum, decay = decays(p) ? rule_.weight_decay : 0.0F;
    const auto x = p.value.data<T>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const T slope = g[i] + decay * x[i];
      v[i] = momentum * v[i] + slope;
      x[i] -= rate * (rule_.nesterov ? slope + momentum * v[i] : v[i]);
    }
    for (std::size_t i = 0; !p.mask.empty() && i < x.size(); ++i) x[i] *= p.mask.data<T>()[i];
  }

  const Sgd& rule_;
  int total_;
  std::int64_t step_ = 0;
  std::vector<nn::Tensor> velocity_;
};

std::unique_ptr<OptimizerState> Sgd::begin(const nn::Parameters& parameters,
                                           int total_steps) const {
  return std::make_unique<SgdState>(*this, parameters, total_steps);
}
ASSAY_REGISTER(Optimizer, Sgd);

}  // namespace
}  // namespace assay::optimizers
