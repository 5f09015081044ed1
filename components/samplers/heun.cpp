// Heun's method for the flow of a model: the mean of the velocities at both ends of Euler's step
// (Karras et al. 2022, algorithm 1), in the coordinates of the straight schedule (flow_sampler.h).
// Two calls a step; a model of the data says nothing of noise at t = 1, so its last step is
// Euler's, as there.
#include "components/samplers/flow_sampler.h"

namespace assay::samplers {
namespace {

struct Heun final : CurveSampler {
  static constexpr Info kInfo{"heun", 1, "Heun's method for the flow from noise to data.",
                              "Karras et al. 2022, arXiv:2206.00364, algorithm 1", true};
  static void params(Params<Heun>& p) { curve_params(p); }

  void follow(Denoiser& denoiser, std::vector<double>& x, Stream /*stream*/) const override {
    std::vector<double> first(x.size()), ahead(x.size());
    for (int step = 0; step < steps; ++step) {
      const double t = time(step), next = time(step + 1);
      const Mix from = denoiser.mix(t), to = denoiser.mix(next);
      const double h = to.share() - from.share();
      denoiser.look(x, t);
      for (std::size_t i = 0; i < x.size(); ++i) {
        first[i] = denoiser.data()[i] - denoiser.noise()[i];
        ahead[i] = to.sum() * (x[i] / from.sum() + h * first[i]);
      }
      if (!denoiser.sees(next)) {
        x = ahead;
        continue;
      }
      denoiser.look(ahead, next);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double second = denoiser.data()[i] - denoiser.noise()[i];
        x[i] = to.sum() * (x[i] / from.sum() + h / 2.0 * (first[i] + second));
      }
    }
  }
};
ASSAY_REGISTER(Sampler, Heun);

}  // namespace
}  // namespace assay::samplers
