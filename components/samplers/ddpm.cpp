// Ancestral sampling of denoising diffusion: the mean of x_u given x_t and the data that the model
// finds in it, and noise of the posterior's variance or of that which one step of noising adds (the
// two choices of Ho et al. 2020, section 3.2); none in the last step.
#include "components/samplers/flow_sampler.h"

namespace assay::samplers {
namespace {

struct Ddpm final : FlowSampler {
  enum class Variance { kPosterior, kAdded };
  static constexpr Info kInfo{"ddpm", 1, "Ancestral sampling of denoising diffusion.",
                              "Ho et al. 2020, arXiv:2006.11239, algorithm 2", true};
  static constexpr std::string_view kExample = "steps = 50";
  Variance variance = Variance::kPosterior;
  double clip = 0.0;

  Ddpm() { steps = 1000; }
  static void params(Params<Ddpm>& p) {
    flow_params(p);
    p.add("variance", &Ddpm::variance, {"posterior", "added"})
        .doc("Of a step's noise: right for data that are a point, or for normal data.");
    p.add("clip", &Ddpm::clip)
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
      const double fresh = posterior_deviation(from, to);
      const double added = variance == Variance::kAdded ? added_deviation(from, to) : fresh;
      reverse_step(denoiser, to, fresh, to.noise > 0.0 ? added : 0.0, x,
                   stream.fork("step", static_cast<std::uint64_t>(step)));
    }
  }
};
ASSAY_REGISTER(Sampler, Ddpm);

}  // namespace
}  // namespace assay::samplers
