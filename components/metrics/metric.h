#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "components/models/model.h"
#include "components/saes/sae.h"
#include "components/samplers/sampler.h"

namespace assay {

// What an evaluation may look at. Outputs and activations are computed once, for all metrics.
class Evaluation {
 public:
  const TrainedModel* model = nullptr;
  const TrainedModel* reference = nullptr;  // what the model is compared with
  const Data* data = nullptr;
  const TrainedSae* sae = nullptr;
  const Samples* samples = nullptr;
  std::string split = "test";

  const Examples& examples() const { return data->split(split); }
  const nn::Tensor& outputs();                              // of the model on the split
  const std::vector<nn::Forward::Statistic>& statistics();  // of the same passes
  const nn::Tensor& reference_outputs();                    // the same of the reference
  const std::vector<nn::Forward::Statistic>& reference_statistics();
  const nn::Tensor& activations();  // what the SAE reads: its sites, or the data's features
  const nn::Tensor& targets();      // what it should give: the same, but for a transcoder
  const nn::Tensor& codes();        // the SAE's codes of them
  const nn::Tensor& reconstruction();

 private:
  std::optional<nn::Tensor> outputs_, reference_outputs_, activations_, targets_, codes_,
      reconstruction_;
  std::vector<nn::Forward::Statistic> statistics_, reference_statistics_;
};

// A number with one definition. A metric that gives several names each "<metric>-<part>".
class Metric : public Component {
 public:
  static constexpr std::string_view kKind = "metric";
  // A metric may say kBetter = "higher" or "lower": which of its values are better.
  using Sink = std::function<void(std::string name, double value)>;
  // Which inputs of the evaluate stage it needs: any of "model data sae samples reference", with
  // spaces.
  virtual std::string_view needs() const = 0;
  virtual void measure(Evaluation& evaluation, const Sink& sink) const = 0;
};

}  // namespace assay
