// Which features does the model still read, of those that matter? A feature counts as read where a
// weight of the first layer that takes it is not 0, and it reaches that layer (an input gate may
// close it) with a number that is not 0 for some example. The data's truth "informative" says what
// matters: a number for each feature, 0 where it does not.
#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct SupportRecall final : Metric {
  static constexpr Info kInfo{"support-recall", 1,
                              "Recall and precision of the features that matter.", ""};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "model data"; }

  void measure(Evaluation& e, const Sink& sink) const override {
    const auto truth = e.data->truth.find("informative");
    if (truth == e.data->truth.end())
      throw std::runtime_error("support-recall needs data with a known support");
    const nn::Tensor& support = truth->second;
    const int width = e.data->format.width;
    if (support.count() != width)
      throw std::runtime_error("support-recall: a support of " + std::to_string(support.count()) +
                               " numbers for " + std::to_string(width) + " features");
    const std::vector<bool> read = features_read(*e.model, e.examples(), width);
    double found = 0.0, kept = 0.0, all = 0.0;
    for (int j = 0; j < width; ++j) {
      const bool matters = support.get(j) != 0.0, reads = read[static_cast<std::size_t>(j)];
      all += matters ? 1.0 : 0.0;
      kept += reads ? 1.0 : 0.0;
      found += matters && reads ? 1.0 : 0.0;
    }
    sink("support-recall", all > 0 ? found / all : 1.0);
    sink("support-recall-precision", kept > 0 ? found / kept : 1.0);
  }

 private:
  static std::vector<bool> features_read(const TrainedModel& model, const Examples& examples,
                                         int width) {
    std::string layer;
    for (const std::string& site : model.sites(examples))
      if (layer.empty() && site.ends_with(".in")) layer = site.substr(0, site.size() - 3);
    const nn::Parameter* weight = model.parameters.find(layer + ".weight");
    if (!weight || weight->value.shape().back() != width)
      throw std::runtime_error("support-recall: no layer of the model reads the features as such");
    const nn::Tensor x = model.activations(examples, layer + ".in");
    std::vector<bool> reaches(static_cast<std::size_t>(width)), out = reaches;
    for (std::int64_t i = 0; i < x.count(); ++i)
      if (x.get(i) != 0.0) reaches[static_cast<std::size_t>(i % width)] = true;
    for (std::int64_t i = 0; i < weight->value.count(); ++i) {
      const auto j = static_cast<std::size_t>(i % width);
      if (weight->value.get(i) != 0.0 && reaches[j]) out[j] = true;
    }
    return out;
  }
};
ASSAY_REGISTER(Metric, SupportRecall);

}  // namespace
}  // namespace assay::metrics
