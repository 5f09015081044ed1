// Schedules by u = 1 - t, with signal² = abar(u) and noise² = 1 - abar(u) except for the straight:
//   cosine: abar = f(u) / f(0), f(u) = cos²((u + s) / (1 + s) pi / 2), s = 0.008 (Nichol and
//     Dhariwal 2021, arXiv:2102.09672, eq. 17);
//   linear-beta: abar = exp(-(0.1 u + 19.9 u² / 2)), the limit of many steps of Ho et al. 2020,
//     section 4 (Song et al. 2021, arXiv:2011.13456, eq. 33).
// The second ends at a signal of exp(-5.025), a log signal-to-noise ratio of -10. The first would
// end at 0, where a prediction of noise says nothing of the data, so u is scaled for it to end at
// the same.
#include "components/models/flow.h"

#include <cmath>
#include <numbers>

namespace assay {

namespace {

constexpr double kOffset = 0.008;
constexpr double kBetaLow = 0.1, kBetaHigh = 20.0;

double cosine_angle(double u) {
  return (u + kOffset) / (1.0 + kOffset) * std::numbers::pi / 2.0;
}

double log_signal_of_cosine(double u) {
  const double start = std::cos(cosine_angle(0.0));
  const double end = std::exp(-(kBetaLow + kBetaHigh) / 4.0);
  const double last = std::acos(end * start) * 2.0 / std::numbers::pi * (1.0 + kOffset) - kOffset;
  return std::log(std::cos(cosine_angle(u * last)) / start);
}

}  // namespace

Mix mix_at(NoiseSchedule schedule, double t) {
  if (schedule == NoiseSchedule::kStraight) return {t, 1.0 - t};
  const double u = 1.0 - t;
  if (u <= 0.0) return {1.0, 0.0};
  const double log_signal = schedule == NoiseSchedule::kCosine
                                ? log_signal_of_cosine(u)
                                : -(kBetaLow * u + (kBetaHigh - kBetaLow) * u * u / 2.0) / 2.0;
  return {std::exp(log_signal), std::sqrt(-std::expm1(2.0 * log_signal))};
}

const FlowModel& require_flow(const Model& model, std::string_view user) {
  if (const auto* flow = dynamic_cast<const FlowModel*>(&model)) return *flow;
  throw std::runtime_error(std::string(user) +
                           " needs a model that turns noise into data, as flow-mlp does");
}

}  // namespace assay
