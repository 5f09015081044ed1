// Sharpness-aware minimisation: the gradient that the inner rule steps with is the one at w + rho g
// / |g|, where g is the gradient at w, on the same examples and random numbers: two passes for a
// step, one step of the inner rule's schedule. The first-order form (Foret et al. 2021, equation 3
// and algorithm 1), over all parameters together; those authors leave out biases and norms in some
// experiments. What components do after a step (Forward::after_step) and what they measured then
// belong to the second pass, at the moved weights; what an objective remembers of its examples to
// the first.
#include "components/optimizers/wrapper.h"

namespace assay::optimizers {
namespace {

struct Sam final : Wrapper {
  static constexpr Info kInfo{"sam", 1, "Sharpness-aware minimisation around another rule.",
                              "Foret et al. 2021, arXiv:2010.01412, algorithm 1"};
  Sam() { optimizer = Slot<Optimizer>("sgd"); }
  float rho = 0.05F;

  static void params(Params<Sam>& p) {
    wrapper_params(p);
    p.add("rho", &Sam::rho)
        .range(0, 100)
        .doc("How far the weights move uphill before the gradient is taken.")
        .source("Foret et al. 2021, section 3.1");
  }
  bool reevaluates() const override { return true; }
  std::unique_ptr<OptimizerState> begin(const nn::Parameters& parameters,
                                        int total_steps) const override;
};

class SamState final : public WrapperState {
 public:
  SamState(const Sam& rule, const nn::Parameters& parameters, int total)
      : WrapperState(rule, parameters, total),
        rule_(rule) {
    for (const nn::Parameter& p : parameters) before_.push_back(p.value);
  }

  void step(nn::Parameters& parameters, const Gradients& gradients) override {
    Passes& passes = gradients.passes();
    const double norm = gradient_norm(parameters, gradients);
    std::size_t index = 0;
    for (nn::Parameter& p : parameters) {
      const std::size_t at = index++;
      before_[at] = p.value;
      const nn::Tensor* gradient = gradients.of(p, at);
      if (gradient && norm > 0) add_scaled(p.value, *gradient, rule_.rho / norm);
    }
    const nn::Tape& moved = passes.again();
    index = 0;
    for (nn::Parameter& p : parameters) p.value = before_[index++];
    inner().step(parameters, moved);
  }

 private:
  const Sam& rule_;
  std::vector<nn::Tensor> before_;  // room for the weights during a step
};

std::unique_ptr<OptimizerState> Sam::begin(const nn::Parameters& parameters,
                                           int total_steps) const {
  return std::make_unique<SamState>(*this, parameters, total_steps);
}
ASSAY_REGISTER(Optimizer, Sam);

}  // namespace
}  // namespace assay::optimizers
