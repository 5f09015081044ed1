#include "components/objectives/noising.h"

namespace assay {

void add_noise(const FlowModel& flow, const Examples& batch, Stream stream, Noised& out) {
  const nn::Shape& shape = batch.features.shape();
  out.examples.count = batch.count;
  out.examples.labels.assign(batch.labels.begin(), batch.labels.end());
  out.examples.features.resize(shape, nn::Dtype::kFloat32);
  out.target.resize(shape, nn::Dtype::kFloat32);
  const Prediction predicts = flow.prediction();
  const std::int64_t width = shape.back();
  for (std::int64_t i = 0; i < batch.count; ++i) {
    const Mix mix = mix_at(flow.noise_schedule(), out.examples.times.get(i));
    for (std::int64_t at = i * width; at < (i + 1) * width; ++at) {
      const double x = batch.features.get(at), eps = stream.normal();
      out.examples.features.set(at, mix.signal * x + mix.noise * eps);
      out.target.set(at, predicts == Prediction::kVelocity ? x - eps
                         : predicts == Prediction::kNoise  ? eps
                                                           : x);
    }
  }
}

nn::Var weighted_error(nn::Var prediction, const Noised& noised) {
  nn::Tape& tape = *prediction.tape;
  const nn::Var error = nn::subtract(prediction, tape.constant(noised.target));
  return nn::mean(nn::multiply_column(nn::square(error), tape.constant(noised.weights)));
}

}  // namespace assay
