// Stochastic gradient descent with momentum: v = mu v + g, x -= lr v (or g + mu v with Nesterov's),
// as in Sutskever et al. 2013.
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
    p.add("weight_decay", &Sgd::weight_decay).at_least(0).doc("Of weights, added to the gradient.");
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
      velocity_.emplace_back(static_cast<std::size_t>(p.value.count()));
  }
  void step(nn::Parameters& parameters, const nn::Tape& tape) override {
    const auto rate = static_cast<float>(rule_.rate(step_++, total_));
    std::size_t index = 0;
    for (nn::Parameter& p : parameters) {
      float* v = velocity_[index++].data();
      const nn::Tensor* gradient = tape.gradient_of(p);
      if (!gradient || gradient->empty()) continue;
      const float decay = p.role == nn::Role::kWeight ? rule_.weight_decay : 0.0F;
      const auto g = gradient->floats();
      const auto x = p.value.floats();
      for (std::size_t i = 0; i < x.size(); ++i) {
        const float slope = g[i] + decay * x[i];
        v[i] = rule_.momentum * v[i] + slope;
        x[i] -= rate * (rule_.nesterov ? slope + rule_.momentum * v[i] : v[i]);
      }
      for (std::size_t i = 0; !p.mask.empty() && i < x.size(); ++i) x[i] *= p.mask.floats()[i];
    }
  }
  void save(Archive& out, const std::string& prefix) const override {
    out.put(prefix + "/step", Array::of<std::int64_t>(std::span(&step_, 1), {1}));
    for (std::size_t i = 0; i < velocity_.size(); ++i)
      out.put(prefix + "/velocity/" + std::to_string(i),
              Array::of<float>(velocity_[i], {static_cast<std::int64_t>(velocity_[i].size())}));
  }
  void load(const Archive& in, const std::string& prefix) override {
    step_ = in.array(prefix + "/step").as<std::int64_t>()[0];
    for (std::size_t i = 0; i < velocity_.size(); ++i) {
      const auto v = in.array(prefix + "/velocity/" + std::to_string(i)).as<float>();
      velocity_[i].assign(v.begin(), v.end());
    }
  }

 private:
  const Sgd& rule_;
  int total_;
  std::int64_t step_ = 0;
  std::vector<std::vector<float>> velocity_;
};

std::unique_ptr<OptimizerState> Sgd::begin(const nn::Parameters& parameters,
                                           int total_steps) const {
  return std::make_unique<SgdState>(*this, parameters, total_steps);
}
ASSAY_REGISTER(Optimizer, Sgd);

}  // namespace
}  // namespace assay::optimizers
