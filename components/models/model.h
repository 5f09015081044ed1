#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "components/datasets/dataset.h"
#include "components/nn/forward.h"
#include "runner/registry/stage.h"

namespace assay {

// A network: declares named parameters for a data format, and maps inputs to outputs on a tape.
class Model : public Component {
 public:
  static constexpr std::string_view kKind = "model";
  static constexpr std::string_view kNeutral = "linear";
  // What its outputs stand for: labels (n x positions * classes logits), the inputs again, targets
  // (n x targets), or the velocity from noise to data at batch.times (n x width).
  enum class Output { kLabels, kInputs, kTargets, kVelocity };
  virtual Output output() const { return Output::kLabels; }
  // The same on given data: a model of labels predicts targets where those are all there is.
  Output output(const DataFormat& format) const {
    const bool targets = format.targets > 0 && format.classes == 0;
    return output() == Output::kLabels && targets ? Output::kTargets : output();
  }
  virtual void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const = 0;
  virtual nn::Var forward(nn::Forward& pass, const DataFormat& format,
                          const Examples& batch) const = 0;
  // Whether forward() can go on from pass.cache(): the batch then holds the tokens that follow, the
  // same number for each sequence, and the outputs are theirs.
  virtual bool incremental() const { return false; }
  // Multiply-adds of one example's forward pass, pruned weights not counted.
  virtual double multiply_adds(const nn::Parameters& parameters,
                               const DataFormat& format) const = 0;
};

// Numbers of a parameter that no mask removed.
double kept(const nn::Parameter& parameter);
// Weights (Role::kWeight) that no mask removed: the multiply-adds of a model that uses each once.
double kept_weights(const nn::Parameters& parameters);

// The batch, which must stay as it is until the pass is over, as n x width numbers: features as
// they are, tokens one-hot (n x width*vocabulary).
nn::Var input_of(nn::Forward& pass, const DataFormat& format, const Examples& batch);
// Throws std::runtime_error where examples of `given` are not what a model for `expected` reads.
// Labels are not compared.
void require_same_input(const DataFormat& expected, const DataFormat& given);
// Throws std::runtime_error where the data have no labels for a classifier to predict, or are
// graphs.
void require_labels(const DataFormat& format, std::string_view classifier);
// Throws std::runtime_error where examples are graphs, for a model that does not see their edges.
void require_no_graphs(const DataFormat& format, std::string_view model);
// Columns of a model that predicts labels (a logit for each class of each position) or, where there
// are none, targets. Throws std::runtime_error where there are neither, or graphs.
int predicted_width(const DataFormat& format, std::string_view model);
// Columns that input_of gives.
int input_width(const DataFormat& format);

// A model with its parameters. Immutable; a stage that changes it copies it first.
class TrainedModel final : public Artifact {
 public:
  static constexpr std::string_view kType = "model";
  std::shared_ptr<const Model> model;
  DataFormat format;
  nn::Parameters parameters;

  // Outputs in evaluation mode, computed in batches; n x outputs. Hooks see every site, statistics
  // are those of all batches in turn.
  nn::Tensor outputs(const Examples& examples, std::span<const nn::Forward::Hook> hooks = {},
                     std::vector<nn::Forward::Statistic>* statistics = nullptr) const;
  // The activations at a site, rows in the order of the examples: n x features, fewer where a site
  // (an expert) sees some examples only. Throws std::runtime_error listing the sites that these
  // examples reach where they do not reach this one.
  nn::Tensor activations(const Examples& examples, std::string_view site) const;
  // Every site that one of these examples reaches, in the order of the forward pass.
  std::vector<std::string> sites(const Examples& examples) const;

  std::string_view type() const override { return kType; }
  void save(Archive& out) const override;
  std::size_t bytes() const override;
  static std::shared_ptr<const TrainedModel> load(const Archive& in);
};

}  // namespace assay
