#pragma once

#include <span>
#include <string>
#include <vector>

#include "components/datasets/dataset.h"
#include "components/models/model.h"
#include "components/nn/forward.h"
#include "runner/registry/component.h"

namespace assay {

// Changes what a model computes by a few parameters of its own, the model's staying as they are: a
// change of its weights, a scale of its activations.
class Adapter : public Component {
 public:
  static constexpr std::string_view kKind = "adapter";
  // Adds its parameters, "<name>.<layer>.…" of each layer that it adapts, for a model that has the
  // parameters `base`. With their first values the model does what it did, bit for bit. Throws
  // std::runtime_error where it adapts nothing.
  virtual void declare(nn::Parameters& out, std::string_view name, const nn::Parameters& base,
                       const Stream& init) const = 0;
  // Looks at a trained model that it has just been put on, its own parameters among the model's,
  // and at training examples, and gives those parameters values to begin with: levels that fit what
  // layers read. May state other bits of weights (Parameter::bits). The base's values stay.
  virtual void calibrate(TrainedModel& /*model*/, std::string_view /*name*/,
                         const Examples& /*calibration*/) const {}
  // Hooks itself into a pass. The model runs, and the hooks go, before the pass begins anew.
  virtual void attach(nn::Forward& pass, std::string_view name) const = 0;
  // What it adds to those of one example's pass; nothing where it can be merged into the weights.
  virtual double multiply_adds(const nn::Parameters& /*parameters*/,
                               const DataFormat& /*format*/) const {
    return 0.0;
  }
};

// The weights of linear layers and convolutions, outputs x inputs, whose layers the patterns name.
// Throws std::runtime_error for a pattern that names none.
std::vector<const nn::Parameter*> adapted_weights(const nn::Parameters& base,
                                                  std::span<const std::string> layers);
// The name of an adapter's parameters on a model of this configuration: one on top of another has a
// name of its own.
nn::Name adapter_name(const Value& model);
// "hidden1" of "hidden1.weight".
std::string_view layer_of(const nn::Parameter& weight);

// A pass, and the name that an adapter's parameters have in it. It lies on the tape, so that a hook
// holds no more than a pointer to it, which std::function keeps without allocation.
struct Attachment {
  nn::Forward* pass;
  std::string_view name;

  static const Attachment* on(nn::Forward& pass, std::string_view name);
  // "<name>.<of>.<part>"
  nn::Name full(std::string_view of, std::string_view part) const;
  bool has(const nn::Name& full_name) const;
};

}  // namespace assay
