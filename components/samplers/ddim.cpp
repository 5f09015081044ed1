// Denoising diffusion implicit models: x_u = signal_u data + sqrt(noise_u² - d²) noise + d z, with
// d = eta times the deviation of the posterior: eta = 0 follows the flow (it is Euler's method with
// equal steps in t), eta = 1 is ancestral sampling over these steps. On the straight schedule it
// is the same rule with that schedule's mix.
#include "components/samplers/flow_sampler.h"

namespace assay::samplers {
namespace {

struct Ddim final : FlowSampler {
  static constexpr Info kInfo{"ddim", 1, "Denoising steps that keep the noise, or some of it.",
                              "Song et al. 2020, arXiv:2010.02502, eq. 12 and 16", true};
  double eta = 0.0;
  double clip = 0.0;

  static void params(Params<Ddim>& p) {
    flow_params(p);
    p.add("eta", &Ddim::eta).range(0, 1).doc("Share of the noise that is drawn anew.");
    p.add("clip", &Ddim::clip)
        .range(0, 1e6)
        .doc("Largest number, in size, taken for data; 0: any is.")
        .source("1 for images in [-1, 1] in the code of Ho et al. 2020");
  }

  void follow(Denoiser& denoiser, std::vector<double>& x, Stream stream) const override {
    for (int step = 0; step < steps; ++step) {
      const double t = static_cast<double>(step) / steps;
      const Mix from = denoiser.mix(t), to = denoiser.mix(static_cast<double>(step + 1) / steps);
      denoiser.look(x, t);
      if (clip > 0.0) denoiser.clip(x, clip);
      const double fresh = eta * posterior_deviation(from, to);
      reverse_step(denoiser, to, fresh, fresh, x,
                   stream.fork("step", static_cast<std::uint64_t>(step)));
    }
  }
};
ASSAY_REGISTER(Sampler, Ddim);

}  // namespace
}  // namespace assay::samplers
