// Another rule's training, whose model gets an average of the weights that steps left, at the end;
// training itself does not see it. Of n weights so far the newest counts 1 / n in the uniform mean
// (Polyak and Juditsky 1992; over the last share of the steps: Izmailov et al. 2018), and max(1 /
// n, 1 - decay) in the exponential one, which begins as a uniform mean (Tarvainen and Valpola 2017,
// section 3). Weights count as a step and the updates after it (Forward::after_step) left them; the
// updates after the last step act on the average.
#include <cmath>

#include "components/nn/dispatch.h"
#include "components/optimizers/wrapper.h"

namespace assay::optimizers {
namespace {

struct Average final : Wrapper {
  enum class Mean { kExponential, kUniform };
  static constexpr Info kInfo{"average", 1, "Averages the weights of another rule's steps.",
                              "Izmailov et al. 2018, arXiv:1803.05407, algorithm 1; exponential: "
                              "Tarvainen and Valpola 2017, arXiv:1703.01780, section 3"};
  Mean mean = Mean::kExponential;
  double decay = 0.999;
  double share = 0.25;

  static void params(Params<Average>& p) {
    wrapper_params(p);
    p.add("mean", &Average::mean, {"exponential", "uniform"}).doc("How steps are weighed.");
    p.add("decay", &Average::decay)
        .at_least(0)
        .below(1)
        .doc("Of the exponential mean, for each step.")
        .source("Tarvainen and Valpola 2017, section 3");
    p.add("share", &Average::share)
        .above(0)
        .at_most(1)
        .doc("Share of the steps, the last ones, in the uniform mean.")
        .source("Izmailov et al. 2018, section 4.1");
  }
  std::string check() const override { return {}; }  // passes are handed on
  bool reevaluates() const override { return optimizer->reevaluates(); }
  std::unique_ptr<OptimizerState> begin(const nn::Parameters& parameters,
                                        int total_steps) const override;
};

class AverageState final : public WrapperState {
 public:
  AverageState(const Average& rule, const nn::Parameters& parameters, int total)
      : WrapperState(rule, parameters, total),
        rule_(rule) {
    for (const nn::Parameter& p : parameters) mean_.push_back(p.value);
    if (rule.mean == Average::Mean::kUniform)
      first_ = std::min<std::int64_t>(total - 1, std::llround((1.0 - rule.share) * total));
  }

  void step(nn::Parameters& parameters, const Gradients& gradients) override {
    take_in(parameters);
    inner().step(parameters, gradients);
    ++steps_;
  }
  void finish(nn::Parameters& parameters) override {
    take_in(parameters);
    inner().finish(parameters);
    if (steps_ <= first_) return;
    std::size_t index = 0;
    for (nn::Parameter& p : parameters) {
      const nn::Tensor& mean = mean_[index++];
      if (!p.frozen) p.value = mean;
    }
  }
  void save(Archive& out, const std::string& prefix) const override {
    WrapperState::save(out, prefix);
    out.put(prefix + "/steps", Array::of<std::int64_t>(std::span(&steps_, 1), {1}));
    for (std::size_t i = 0; i < mean_.size(); ++i)
      out.put(prefix + "/mean/" + std::to_string(i), mean_[i].to_array());
  }
  void load(const Archive& in, const std::string& prefix) override {
    WrapperState::load(in, prefix);
    steps_ = in.array(prefix + "/steps").as<std::int64_t>()[0];
    for (std::size_t i = 0; i < mean_.size(); ++i)
      mean_[i] = nn::Tensor::from_array(in.array(prefix + "/mean/" + std::to_string(i)));
  }

 private:
  // The weights that the step before left, where that step counts.
  void take_in(const nn::Parameters& parameters) {
    const std::int64_t taken = steps_ - first_;
    if (taken <= 0) return;
    double weight = 1.0 / static_cast<double>(taken);
    if (rule_.mean == Average::Mean::kExponential) weight = std::max(weight, 1.0 - rule_.decay);
    std::size_t index = 0;
    for (const nn::Parameter& p : parameters) {
      nn::Tensor& mean = mean_[index++];
      if (taken == 1)
        mean = p.value;
      else
        move_towards(mean, p.value, weight);
    }
  }
  static void move_towards(nn::Tensor& mean, const nn::Tensor& value, double weight) {
    nn::dispatch(mean.dtype(), [&](auto t) {
      using T = decltype(t);
      const auto m = mean.data<T>();
      const auto x = value.data<T>();
      const auto w = static_cast<T>(weight);
      for (std::size_t i = 0; i < m.size(); ++i) m[i] += w * (x[i] - m[i]);
    });
  }

  const Average& rule_;
  std::int64_t steps_ = 0, first_ = 0;  // first_: the first step that counts
  std::vector<nn::Tensor> mean_;
};

std::unique_ptr<OptimizerState> Average::begin(const nn::Parameters& parameters,
                                               int total_steps) const {
  return std::make_unique<AverageState>(*this, parameters, total_steps);
}
ASSAY_REGISTER(Optimizer, Average);

}  // namespace
}  // namespace assay::optimizers
