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
    const bool own = sae->site.empty();
    if (!own && !model)
      throw std::runtime_error("the autoencoder reads the site \"" + sae->site +
                               "\": evaluating it needs the input model");
    if (own && examples().features.empty())
      throw std::runtime_error("the autoencoder reads features, and the data have none");
    activations_ = own ? examples().features : model->activations(examples(), sae->site);
  }
  return *activations_;
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
