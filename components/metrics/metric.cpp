#include "components/metrics/metric.h"

namespace assay {

const nn::Tensor& Evaluation::outputs() {
  if (!outputs_) outputs_ = model->outputs(examples(), {}, &statistics_);
  return *outputs_;
}

const std::vector<nn::Forward::Statistic>& Evaluation::statistics() {
  (void)outputs();
  return statistics_;
}

const nn::Tensor& Evaluation::reference_outputs() {
  if (!reference_outputs_)
    reference_outputs_ = reference->outputs(examples(), {}, &reference_statistics_);
  return *reference_outputs_;
}

const std::vector<nn::Forward::Statistic>& Evaluation::reference_statistics() {
  (void)reference_outputs();
  return reference_statistics_;
}

const nn::Tensor& Evaluation::activations() {
  if (!activations_) {
    const bool own = sae->sites.empty();
    if (!own && !model)
      throw std::runtime_error("the autoencoder reads the site \"" + sae->sites[0] +
                               "\": evaluating it needs the input model");
    if (own && examples().features.empty())
      throw std::runtime_error("the autoencoder reads features, and the data have none");
    activations_ = own ? examples().features : activations_at(*model, examples(), sae->sites);
  }
  return *activations_;
}

const nn::Tensor& Evaluation::targets() {
  if (sae->targets.empty()) return activations();
  (void)activations();
  if (!targets_) targets_ = activations_at(*model, examples(), sae->targets);
  return *targets_;
}

const nn::Tensor& Evaluation::codes() {
  if (!codes_) codes_ = sae->encode(activations());
  return *codes_;
}

const nn::Tensor& Evaluation::reconstruction() {
  if (!reconstruction_) reconstruction_ = sae->reconstruct(activations());
  return *reconstruction_;
}

}  // namespace assay
