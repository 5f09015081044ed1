#include "components/samplers/flow_sampler.h"

#include <algorithm>
#include <cmath>

namespace assay {

Denoiser::Denoiser(const TrainedModel& model, const Examples& prompts, double guidance,
                   std::string_view user)
    : model_(model),
      flow_(require_flow(*model.model, user)),
      guidance_(flow_.takes_labels() ? guidance : 0.0) {
  if (!flow_.takes_labels() && guidance != 1.0)
    throw std::runtime_error(std::string(user) + ": guidance = " + number_text(guidance) +
                             " needs a model that reads labels (conditional = true)");
  if (guidance_ != 0.0) labels_ = prompts.labels;
  if (guidance_ != 0.0 && labels_.size() != static_cast<std::size_t>(prompts.count))
    throw std::runtime_error(std::string(user) + " needs a label for each of " +
                             std::to_string(prompts.count) + " samples, and has " +
                             std::to_string(labels_.size()));
  for (const int label : labels_)
    if (label >= model.format.classes)
      throw std::runtime_error(std::string(user) + ": the model knows " +
                               std::to_string(model.format.classes) + " classes, and a label is " +
                               std::to_string(label));
  points_.count = prompts.count;
  points_.features = nn::Tensor({prompts.count, model.format.width});
  points_.times = nn::Tensor({prompts.count});
  const auto numbers = static_cast<std::size_t>(points_.features.count());
  data_.resize(numbers);
  noise_.resize(numbers);
}

nn::Tensor Denoiser::outputs(bool with_labels) {
  points_.labels.assign(static_cast<std::size_t>(points_.count), -1);
  if (with_labels) points_.labels = labels_;
  calls_ += 1.0;
  return model_.outputs(points_);
}

void Denoiser::look(std::span<const double> x, double t) {
  for (std::size_t i = 0; i < x.size(); ++i)
    points_.features.set(static_cast<std::int64_t>(i), x[i]);
  points_.times.fill(t);
  mix_ = mix(t);
  nn::Tensor said = outputs(guidance_ != 0.0);
  if (guidance_ != 0.0 && guidance_ != 1.0) {
    const nn::Tensor any = outputs(false);
    for (std::int64_t i = 0; i < said.count(); ++i)
      said.set(i, any.get(i) + guidance_ * (said.get(i) - any.get(i)));
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = said.get(static_cast<std::int64_t>(i));
    switch (flow_.prediction()) {
      case Prediction::kVelocity:
        data_[i] = (x[i] + mix_.noise * p) / mix_.sum();
        noise_[i] = (x[i] - mix_.signal * p) / mix_.sum();
        break;
      case Prediction::kNoise:
        data_[i] = (x[i] - mix_.noise * p) / mix_.signal;
        noise_[i] = p;
        break;
      case Prediction::kData:
        data_[i] = p;
        noise_[i] = (x[i] - mix_.signal * p) / mix_.noise;
        break;
    }
  }
}

bool Denoiser::sees(double t) const {
  const Mix at = mix(t);
  return (flow_.prediction() != Prediction::kData || at.noise > 0.0) &&
         (flow_.prediction() != Prediction::kNoise || at.signal > 0.0);
}

void Denoiser::clip(std::span<const double> x, double bound) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    data_[i] = std::clamp(data_[i], -bound, bound);
    noise_[i] = (x[i] - mix_.signal * data_[i]) / mix_.noise;
  }
}

std::shared_ptr<const Samples> FlowSampler::sample(const TrainedModel& model,
                                                   const Examples& prompts, Stream stream) const {
  Denoiser denoiser(model, prompts, guidance, spec().name);
  auto out = std::make_shared<Samples>();
  out->count = prompts.count;
  out->width = model.format.width;
  if (prompts.count == 0) return out;
  if (require_flow(*model.model, spec().name).takes_labels()) out->prompts = prompts.labels;
  std::vector<double> x(static_cast<std::size_t>(out->count) *
                        static_cast<std::size_t>(out->width));
  Stream start = stream.fork("start");
  for (double& number : x) number = start.normal();
  follow(denoiser, x, stream);
  for (const double number : x)
    if (!std::isfinite(number)) throw std::runtime_error(spec().name + ": a sample is not finite");
  out->values = nn::Tensor::of({out->count, out->width}, x);
  out->function_evaluations = denoiser.calls();
  return out;
}

double added_deviation(Mix from, Mix to) {
  const double ratio = from.signal / to.signal * to.noise;
  return std::sqrt(std::max(0.0, from.noise * from.noise - ratio * ratio));
}

double posterior_deviation(Mix from, Mix to) {
  return added_deviation(from, to) * to.noise / from.noise;
}

void reverse_step(const Denoiser& denoiser, Mix to, double fresh, double drawn,
                  std::vector<double>& x, Stream stream) {
  const double rest = std::sqrt(std::max(0.0, to.noise * to.noise - fresh * fresh));
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = to.signal * denoiser.data()[i] + rest * denoiser.noise()[i];
    if (drawn > 0.0) x[i] += drawn * stream.normal();
  }
}

}  // namespace assay
