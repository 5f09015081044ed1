#pragma once

#include <memory>
#include <string>

#include "components/models/model.h"
#include "components/nn/forward.h"
#include "runner/registry/stage.h"

namespace assay {

// A sparse autoencoder over activations: x (n x features) -> code (n x latents, sparse) -> x'.
class Sae : public Component {
 public:
  static constexpr std::string_view kKind = "sae";
  virtual int latents(int features) const = 0;
  // Declares its parameters; the decoder is "decoder.weight", latents x features, so that row i is
  // the direction of latent i.
  virtual void declare(nn::Parameters& out, int features, const Stream& init) const = 0;
  virtual nn::Var encode(nn::Forward& pass, nn::Var x) const = 0;
  virtual nn::Var decode(nn::Forward& pass, nn::Var code) const = 0;
  // The training loss of a batch. -> scalar
  virtual nn::Var loss(nn::Forward& pass, nn::Var x) const = 0;
  // After each optimizer step: unit norms, resampling of dead latents.
  virtual void after_step(nn::Parameters& parameters) const = 0;
};

// A trained SAE with the site that it reads and the scaling of its inputs: it sees
// (activation - mean) * scale, and is judged in the units of the activations.
class TrainedSae final : public Artifact {
 public:
  static constexpr std::string_view kType = "sae";
  std::shared_ptr<const Sae> sae;
  nn::Parameters parameters;
  std::string site;  // empty: the features of the data themselves
  int features = 0;
  nn::Tensor mean;  // features
  double scale = 1.0;

  nn::Tensor encode(const nn::Tensor& activations) const;       // n x latents
  nn::Tensor reconstruct(const nn::Tensor& activations) const;  // n x features

  std::string_view type() const override { return kType; }
  void save(Archive& out) const override;
  std::size_t bytes() const override;
  static std::shared_ptr<const TrainedSae> load(const Archive& in);
};

}  // namespace assay
