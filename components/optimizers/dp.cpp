// Differentially private gradients for another rule (DP-SGD, Abadi et al. 2016, algorithm 1): each
// example's gradient g_i, over all parameters together, is scaled down to norm C at most, and the
// inner rule steps with (sum_i g_i min(1, C / |g_i|) + sigma C z) / B, z standard normal, B the
// batch size. Each example has a pass of its own. Every parameter that trains gets noise, whether
// or not an example reached it, for that would tell of the examples; pruned entries stay 0.
//
// What is reported, as metrics of the stage, for this training alone:
//   epsilon             of the Rényi accountant for the sampled Gaussian mechanism (Mironov et al.
//                       2019), at the rate B / n. It holds for neighbours that differ by one
//                       example added or removed, and for minibatches in which each example takes
//                       part by chance and independently (Poisson sampling). Minibatches here are
//                       not drawn so: they are cut from a random order of all n examples, epoch by
//                       epoch, and epsilon is then not a proven bound for this training. It is the
//                       figure that is usual in papers.
//   epsilon_as_drawn    a bound that does hold for minibatches as they are drawn here: each example
//                       takes part once in an epoch at most, so that a training of E epochs, begun
//                       ones included, is E Gaussian mechanisms for it, without any gain from
//                       sampling. Neighbours differ in one example whose gradient is replaced by 0,
//                       n and the random orders being the same.
// Both are for the weights after each step. They do not cover the training loss and its curve,
// which have no noise, what was trained before (finetune), nor a choice among several trainings.
// The noise follows from the study's seed as all random numbers do, so that whoever knows the seed
// can take it off: what is published is private only while the seed is secret.
#include <array>
#include <stdexcept>

#include "components/optimizers/accountant.h"
#include "components/optimizers/wrapper.h"

namespace assay::optimizers {
namespace {

struct Dp final : Wrapper {
  static constexpr Info kInfo{
      "dp", 1, "Differentially private gradients (DP-SGD) for another rule.",
      "Abadi et al. 2016, arXiv:1607.00133, algorithm 1; accountant: Mironov "
      "et al. 2019, arXiv:1908.10530, section 3.3",
      true};
  static constexpr std::string_view kExample =
      "optimizer = { use = \"sgd\", lr = 0.05 }, clip = 1.0, noise = 0.1";
  Dp() { optimizer = Slot<Optimizer>("sgd"); }
  double clip = 4.0;
  double noise = 4.0;
  double delta = 1e-5;

  static void params(Params<Dp>& p) {
    wrapper_params(p);
    p.add("clip", &Dp::clip)
        .above(0)
        .doc("C, the largest norm of an example's gradient.")
        .source("Abadi et al. 2016, section 5.2");
    p.add("noise", &Dp::noise)
        .neutral(0.0)
        .range(0, 1e6)
        .doc("sigma, the noise's deviation over C; with 0 nothing is private.")
        .source("Abadi et al. 2016, section 5.2");
    p.add("delta", &Dp::delta)
        .above(0)
        .below(1)
        .doc("At which epsilon is reported.")
        .source("Abadi et al. 2016, section 5.2");
  }
  bool reevaluates() const override { return true; }
  std::unique_ptr<OptimizerState> begin(const nn::Parameters& parameters,
                                        int total_steps) const override;
};

class DpState final : public WrapperState {
 public:
  DpState(const Dp& rule, const nn::Parameters& parameters, int total)
      : WrapperState(rule, parameters, total),
        rule_(rule),
        private_(parameters) {}

  void step(nn::Parameters& parameters, const Gradients& gradients) override {
    Passes& passes = gradients.passes();
    if (passes.updates())
      throw std::runtime_error(
          "dp: a component of the model changes parameters after each step, without noise");
    if (!passes.epochs())
      throw std::runtime_error(
          "dp: minibatches that a selector orders have no privacy budget; \"uniform\" ones have");
    begin_sums(parameters);
    for (int i = 0; i < passes.batch(); ++i) add_example(parameters, passes.example(i));
    add_noise(parameters, passes.noise(), passes.batch());
    ++counts_[kSteps];
    counts_[kBatch] = passes.batch();
    counts_[kExamples] = passes.examples();
    inner().step(parameters, private_.all());
  }

  std::vector<Figure> figures() const override {
    std::vector<Figure> out = WrapperState::figures();
    const auto [steps, batch, examples] = counts_;
    if (rule_.noise == 0.0 || steps == 0) return out;
    const double rate = static_cast<double>(batch) / static_cast<double>(examples);
    const std::int64_t in_epoch = examples / batch, epochs = (steps + in_epoch - 1) / in_epoch;
    out.push_back({"epsilon", sampled_gaussian_epsilon(rate, rule_.noise, steps, rule_.delta)});
    out.push_back(
        {"epsilon_as_drawn", sampled_gaussian_epsilon(1.0, rule_.noise, epochs, rule_.delta)});
    return out;
  }
  void save(Archive& out, const std::string& prefix) const override {
    WrapperState::save(out, prefix);
    out.put(prefix + "/counts", Array::of<std::int64_t>(counts_, {3}));
  }
  void load(const Archive& in, const std::string& prefix) override {
    WrapperState::load(in, prefix);
    const auto counts = in.array(prefix + "/counts").as<std::int64_t>();
    std::copy(counts.begin(), counts.end(), counts_.begin());
  }

 private:
  enum { kSteps, kBatch, kExamples };

  void begin_sums(const nn::Parameters& parameters) {
    private_.clear();
    std::size_t index = 0;
    for (const nn::Parameter& p : parameters) {
      if (!p.frozen) private_.own(index).fill(0.0);
      ++index;
    }
  }
  void add_example(const nn::Parameters& parameters, const Gradients& gradients) {
    const double norm = gradient_norm(parameters, gradients);
    const double factor = norm > rule_.clip ? rule_.clip / norm : 1.0;
    std::size_t index = 0;
    for (const nn::Parameter& p : parameters) {
      const std::size_t at = index++;
      if (const nn::Tensor* gradient = gradients.of(p, at))
        add_scaled(private_.own(at), *gradient, factor);
    }
  }
  void add_noise(const nn::Parameters& parameters, const Stream& noise, int batch) {
    std::size_t index = 0;
    for (const nn::Parameter& p : parameters) {
      const std::size_t at = index++;
      if (p.frozen) continue;
      Stream draws = noise.fork("dp", at);
      nn::Tensor& sum = private_.own(at);
      for (std::int64_t i = 0; i < sum.count(); ++i) {
        const double noisy = sum.get(i) + rule_.noise * rule_.clip * draws.normal();
        const bool pruned = !p.mask.empty() && p.mask.get(i) == 0.0;
        sum.set(i, pruned ? 0.0 : noisy / batch);
      }
    }
  }

  const Dp& rule_;
  OwnGradients private_;
  std::array<std::int64_t, 3> counts_{};  // steps so far; batch and examples of the last one
};

std::unique_ptr<OptimizerState> Dp::begin(const nn::Parameters& parameters, int total_steps) const {
  return std::make_unique<DpState>(*this, parameters, total_steps);
}
ASSAY_REGISTER(Optimizer, Dp);

}  // namespace
}  // namespace assay::optimizers
