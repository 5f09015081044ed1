#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "components/models/model.h"

namespace assay {

// What a sampler made. Row i of `tokens` continues or completes row i of `prompts`; of numbers, the
// prompt is the label that they were drawn for, if any.
class Samples final : public Artifact {
 public:
  static constexpr std::string_view kType = "samples";
  int count = 0;
  int width = 0;                      // tokens, or numbers, in each sample
  std::vector<std::int32_t> prompts;  // count x prompt width
  std::vector<std::int32_t> tokens;   // count x width; empty for numbers
  // count x width, of masks that were filled: after which step of its sample each was, from 1; 0
  // where the token was given. Empty of other samples.
  std::vector<std::int32_t> filled;
  nn::Tensor values;        // count x width numbers; empty for tokens
  nn::Tensor shift, scale;  // width, or empty: value * scale + shift is what it stands for
  double function_evaluations = 0.0;  // model calls for each sample, mean
  std::vector<std::string> symbols;   // text of each token, where the data have one

  // Prompt and sample of each of the first rows, in the data's own symbols; pictures of numbers,
  // where they make a square.
  std::string preview(int most) const override;

  std::string_view type() const override { return kType; }
  void save(Archive& out) const override;
  std::size_t bytes() const override;
  static std::shared_ptr<const Samples> load(const Archive& in);
};

// Draws samples from a generative model, given prompts from a data set: tokens to go on from or to
// complete, or the labels of as many examples as are to be made from noise.
class Sampler : public Component {
 public:
  static constexpr std::string_view kKind = "sampler";
  static constexpr std::string_view kNeutral = "ancestral";
  virtual std::shared_ptr<const Samples> sample(const TrainedModel& model, const Examples& prompts,
                                                Stream stream) const = 0;
};

}  // namespace assay
