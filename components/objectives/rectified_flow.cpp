// Flow matching along straight lines: x_t = t x + (1 - t) eps for data x and noise eps, the model
// learns E[x - eps | x_t], the mean over numbers of its squared error (Liu et al. 2022, eq. 1;
// Lipman et al. 2022). The time t is uniform, or sigmoid(m + s z) with z normal, which dwells
// where the way is hardest (Esser et al. 2024, eq. 19, whose time runs the other way).
#include <cmath>

#include "components/objectives/noising.h"
#include "components/objectives/weights.h"

namespace assay::objectives {
namespace {

struct RectifiedFlow final : Objective {
  enum class Times { kUniform, kLogitNormal };
  static constexpr Info kInfo{"rectified-flow", 1, "Velocity of straight lines from noise to data.",
                              "Liu et al. 2022, arXiv:2209.03003, eq. 1", true};
  static constexpr std::string_view kNeutral = "";  // what the model gives fits no other
  Times times = Times::kUniform;
  double mean = 0.0;
  double deviation = 1.0;

  static void params(Params<RectifiedFlow>& p) {
    p.add("times", &RectifiedFlow::times, {"uniform", "logit-normal"})
        .doc("How far from noise to data the examples are.");
    p.add("mean", &RectifiedFlow::mean)
        .range(-10, 10)
        .doc("m of logit-normal times; above 0 is nearer to data.")
        .source("Esser et al. 2024, arXiv:2403.03206, eq. 19");
    p.add("deviation", &RectifiedFlow::deviation)
        .above(0)
        .at_most(10)
        .doc("s of logit-normal times.")
        .source("Esser et al. 2024, eq. 19");
  }

  double draw(Stream& stream) const {
    if (times == Times::kUniform) return stream.uniform();
    return 1.0 / (1.0 + std::exp(-(mean + deviation * stream.normal())));
  }

  bool weighs() const override { return true; }
  nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
               const Examples& batch) const override {
    const FlowModel& flow = require_flow(model, kInfo.name);
    if (flow.prediction() != Prediction::kVelocity ||
        flow.noise_schedule() != NoiseSchedule::kStraight)
      throw std::runtime_error(
          "rectified-flow trains a model of the velocity on the straight schedule");
    auto& noised = pass.kept<Noised>();
    noised.examples.times.resize({batch.count}, nn::Dtype::kFloat32);
    Stream stream = pass.stream("times");
    for (int i = 0; i < batch.count; ++i) noised.examples.times.set(i, draw(stream));
    add_noise(flow, batch, pass.stream("noise"), noised);
    return mean_squared_error(model.forward(pass, format, noised.examples),
                              pass.tape().constant(noised.target), row_weights(pass, batch.count));
  }
};
ASSAY_REGISTER(Objective, RectifiedFlow);

}  // namespace
}  // namespace assay::objectives
