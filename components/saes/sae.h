#pragma once

#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "components/models/model.h"
#include "components/nn/forward.h"
#include "runner/registry/stage.h"

namespace assay {

// What an autoencoder reads, the sites side by side with the width of each, and how many numbers it
// gives: as many as it reads, but for a transcoder. Where it gives several sites, `given` has the
// width of each.
struct SaeFormat {
  std::vector<int> widths;
  int outputs = 0;
  std::vector<int> given = {};
  int features() const { return std::accumulate(widths.begin(), widths.end(), 0); }
  std::vector<int> written() const { return given.empty() ? std::vector{outputs} : given; }
  static SaeFormat plain(int features) { return {{features}, features}; }
};

// A sparse autoencoder over activations: x (n x features) -> code (n x latents, sparse) -> x', or
// what stands in for another site (n x outputs).
class Sae : public Component {
 public:
  static constexpr std::string_view kKind = "sae";
  static constexpr std::string_view kNeutral = "relu-l1";
  virtual int latents(int features) const = 0;
  // Whether what it gives may be other sites than what it reads, and whether those are then as
  // many, one for each in the same order.
  virtual bool transcodes() const { return false; }
  virtual bool layered() const { return false; }
  // Declares its parameters; the decoder is "decoder.weight", latents x outputs, so that row i is
  // the direction of latent i.
  virtual void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const = 0;
  virtual nn::Var encode(nn::Forward& pass, nn::Var x) const = 0;
  virtual nn::Var decode(nn::Forward& pass, nn::Var code) const = 0;
  // What it gives for x, whose code that is: more than the code says where x goes past it.
  virtual nn::Var rebuild(nn::Forward& pass, nn::Var /*x*/, nn::Var code) const {
    return decode(pass, code);
  }
  // The training loss of a batch. `target` is x itself, but for a transcoder. -> scalar
  virtual nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const = 0;
  // After each optimizer step: unit norms. What depends on the batch goes to pass.after_step.
  virtual void after_step(nn::Parameters& parameters) const = 0;
  // Latents that the updates of this step's pass gave another start, valid until the next one: the
  // optimizer is to forget their rows of "encoder.…" and of "decoder.weight".
  virtual std::span<const int> restarted(nn::Forward& /*pass*/) const { return {}; }
};

// (activation - mean) * scale, column by column.
struct Scaling {
  nn::Tensor mean;   // width
  nn::Tensor scale;  // width, double; empty: 1
  nn::Tensor apply(const nn::Tensor& activations) const;
  nn::Tensor undo(const nn::Tensor& scaled) const;
};

// A trained SAE with the sites that it reads and the scaling of its inputs: it sees scaled numbers,
// and is judged in the units of the activations.
class TrainedSae final : public Artifact {
 public:
  static constexpr std::string_view kType = "sae";
  std::shared_ptr<const Sae> sae;
  nn::Parameters parameters;
  std::vector<std::string> sites;    // side by side; empty: the features of the data themselves
  std::vector<std::string> targets;  // the sites that it gives, where those are others
  int features = 0;                  // that it reads
  Scaling in;
  Scaling out;  // of what it gives, where there are targets

  nn::Tensor encode(const nn::Tensor& activations) const;       // n x latents
  nn::Tensor reconstruct(const nn::Tensor& activations) const;  // n x outputs

  std::string_view type() const override { return kType; }
  void save(Archive& out) const override;
  std::size_t bytes() const override;
  static std::shared_ptr<const TrainedSae> load(const Archive& in);
};

// Activations of a model at sites, side by side, and the width of each. Throws std::runtime_error
// where the sites do not see the same rows.
nn::Tensor activations_at(const TrainedModel& model, const Examples& examples,
                          const std::vector<std::string>& sites,
                          std::vector<int>* widths = nullptr);

}  // namespace assay
