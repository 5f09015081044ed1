// Euler's method for the flow of a model: z += (s' - s) (data - noise), where z and s are those of
// the straight schedule (flow_sampler.h), x_t and t themselves where the schedule is straight. One
// call a step.
#include "components/samplers/flow_sampler.h"

namespace assay::samplers {
namespace {

struct Euler final : CurveSampler {
  static constexpr Info kInfo{"euler", 1, "Euler's method for the flow from noise to data.",
                              "Liu et al. 2022, arXiv:2209.03003, section 2.1", true};
  static void params(Params<Euler>& p) { curve_params(p); }

  void follow(Denoiser& denoiser, std::vector<double>& x, Stream /*stream*/) const override {
    for (int step = 0; step < steps; ++step) {
      const double t = time(step);
      const Mix from = denoiser.mix(t), to = denoiser.mix(time(step + 1));
      denoiser.look(x, t);
      const auto data = denoiser.data(), noise = denoiser.noise();
      const double h = to.share() - from.share();
      for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = to.sum() * (x[i] / from.sum() + h * (data[i] - noise[i]));
    }
  }
};
ASSAY_REGISTER(Sampler, Euler);

}  // namespace
}  // namespace assay::samplers
