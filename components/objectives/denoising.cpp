// Denoising diffusion: x_t = signal x + noise eps by the model's schedule, at a uniform time t; the
// model learns eps (Ho et al. 2020, eq. 14, whose T steps are here a continuous time) or x. With
// min_snr = g the error of an example counts min(SNR, g) / SNR times, or min(SNR, g) times where
// the model predicts x, which is the same weight of the error in x (Hang et al. 2023, eq. 4 f.):
// SNR = (signal / noise)².
#include <algorithm>

#include "components/objectives/noising.h"
#include "components/objectives/weights.h"

namespace assay::objectives {
namespace {

struct Denoising final : Objective {
  static constexpr Info kInfo{"denoising", 1, "Noise, or data, in noised data.",
                              "Ho et al. 2020, arXiv:2006.11239, eq. 14", true};
  static constexpr std::string_view kNeutral = "";  // what the model gives fits no other
  double min_snr = 0.0;

  static void params(Params<Denoising>& p) {
    p.add("min_snr", &Denoising::min_snr)
        .range(0, 1e6)
        .doc("Largest weight of the error in the data; 0: errors of what is predicted count alike.")
        .source("Hang et al. 2023, arXiv:2303.09556 (5)");
  }

  double weight(Mix mix, Prediction predicts) const {
    if (min_snr <= 0.0) return 1.0;
    const double snr = mix.signal * mix.signal / std::max(mix.noise * mix.noise, 1e-12);
    return std::min(snr, min_snr) / (predicts == Prediction::kNoise ? snr : 1.0);
  }

  bool weighs() const override { return true; }
  nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
               const Examples& batch) const override {
    const FlowModel& flow = require_flow(model, kInfo.name);
    if (flow.prediction() == Prediction::kVelocity ||
        flow.noise_schedule() == NoiseSchedule::kStraight)
      throw std::runtime_error(
          "denoising trains a model of the noise or the data on the cosine or linear-beta "
          "schedule");
    auto& noised = pass.kept<Noised>();
    noised.examples.times.resize({batch.count}, nn::Dtype::kFloat32);
    noised.weights.resize({batch.count}, nn::Dtype::kFloat32);
    Stream stream = pass.stream("times");
    for (int i = 0; i < batch.count; ++i) {
      noised.examples.times.set(i, stream.uniform());
      const Mix mix = mix_at(flow.noise_schedule(), noised.examples.times.get(i));
      noised.weights.set(i, weight(mix, flow.prediction()));
    }
    const auto weights = row_weights(pass, batch.count);
    for (int i = 0; i < static_cast<int>(weights.size()); ++i)
      noised.weights.set(i, noised.weights.get(i) * weights[static_cast<std::size_t>(i)]);
    add_noise(flow, batch, pass.stream("noise"), noised);
    return weighted_error(model.forward(pass, format, noised.examples), noised);
  }
};
ASSAY_REGISTER(Objective, Denoising);

}  // namespace
}  // namespace assay::objectives
