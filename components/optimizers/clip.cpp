// Gradient clipping before another rule: all gradients together scaled down to a largest norm, g
// min(1, limit / |g|) (Pascanu et al. 2013, algorithm 1), or each number held to [-limit, limit].
// A step within the limit is that of the inner rule, bit for bit.
#include "components/nn/dispatch.h"
#include "components/optimizers/wrapper.h"

namespace assay::optimizers {
namespace {

struct Clip final : Wrapper {
  enum class By { kNorm, kValue };
  static constexpr Info kInfo{"clip", 1, "Gradient clipping before another rule.",
                              "Pascanu et al. 2013, arXiv:1211.5063, algorithm 1"};
  By by = By::kNorm;
  float limit = 1.0F;

  static void params(Params<Clip>& p) {
    wrapper_params(p);
    p.add("by", &Clip::by, {"norm", "value"}).doc("All gradients as one vector, or each number.");
    p.add("limit", &Clip::limit).above(0).doc("Largest norm or absolute value.");
  }
  std::unique_ptr<OptimizerState> begin(const nn::Parameters& parameters,
                                        int total_steps) const override;
};

class ClipState final : public WrapperState {
 public:
  ClipState(const Clip& rule, const nn::Parameters& parameters, int total)
      : WrapperState(rule, parameters, total),
        rule_(rule),
        clipped_(parameters) {}

  void step(nn::Parameters& parameters, const Gradients& gradients) override {
    const bool by_norm = rule_.by == Clip::By::kNorm;
    const double norm = by_norm ? gradient_norm(parameters, gradients) : 0.0;
    if (by_norm && norm <= rule_.limit) {
      inner().step(parameters, gradients);
      return;
    }
    clipped_.clear();
    std::size_t index = 0;
    for (const nn::Parameter& p : parameters) {
      const std::size_t at = index++;
      const nn::Tensor* gradient = gradients.of(p, at);
      if (!gradient) continue;
      if (by_norm)
        set_scaled(clipped_.own(at), *gradient, rule_.limit / norm);
      else
        clamp(*gradient, clipped_.own(at));
    }
    inner().step(parameters, clipped_.all());
  }

 private:
  void clamp(const nn::Tensor& from, nn::Tensor& to) const {
    nn::dispatch(from.dtype(), [&](auto t) {
      using T = decltype(t);
      const auto g = from.data<T>();
      const auto out = to.data<T>();
      const T limit = rule_.limit;
      for (std::size_t i = 0; i < g.size(); ++i) out[i] = std::clamp(g[i], -limit, limit);
    });
  }

  const Clip& rule_;
  OwnGradients clipped_;
};

std::unique_ptr<OptimizerState> Clip::begin(const nn::Parameters& parameters,
                                            int total_steps) const {
  return std::make_unique<ClipState>(*this, parameters, total_steps);
}
ASSAY_REGISTER(Optimizer, Clip);

}  // namespace
}  // namespace assay::optimizers
