// Draws samples from a trained model: of tokens, prompted by the examples of a split; of numbers,
// given their labels alone. `assay samples` prints them.
#include "components/nn/cores.h"
#include "components/samplers/sampler.h"

namespace assay::stages {
namespace {

struct Sample final : Stage {
  enum class Split { kTrain, kValid, kTest };
  using Gives = Samples;
  static constexpr bool kCheckpoint = true;
  static constexpr Info kInfo{"sample", 1, "Draws samples from a trained model.", "", true};
  Input<TrainedModel> model;
  Input<Data> data;
  Slot<Sampler> sampler;
  int count = 100;
  Split split = Split::kTest;

  static void params(Params<Sample>& p) {
    p.add("model", &Sample::model).doc("The generative model.");
    p.add("data", &Sample::data).doc("Where prompts come from.");
    p.add("sampler", &Sample::sampler).required().doc("How samples are drawn.");
    p.add("count", &Sample::count)
        .range(1, 1e7)
        .unit("samples")
        .doc("Of tokens at most the examples of the split; of numbers any, labels in turn.");
    p.add("split", &Sample::split, {"train", "valid", "test"}).doc("Of the prompts or labels.");
  }
  // A model that begins with noise sees nothing of the examples but their labels.
  Examples prompts_of(const Model& network, const Examples& examples,
                      const DataFormat& format) const {
    if (network.output() != Model::Output::kVelocity) return examples.first(count, format);
    Examples out;
    out.count = count;
    if (examples.labels.empty()) return out;
    const auto labels = examples.labels.size() / static_cast<std::size_t>(format.positions);
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
      out.labels.push_back(
          examples.labels[i % labels * static_cast<std::size_t>(format.positions)]);
    return out;
  }
  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    static constexpr const char* kSplits[] = {"train", "valid", "test"};
    const Data& source = context.get(data);
    require_same_input(context.get(model).format, source.format);
    const TrainedModel& trained = context.get(model);
    const Examples& examples = source.split(kSplits[static_cast<int>(split)]);
    const nn::UseCores wide(context.cores());
    const auto drawn = sampler->sample(trained, prompts_of(*trained.model, examples, source.format),
                                       context.stream("sample"));
    auto out = std::make_shared<Samples>(*drawn);
    if (!out->tokens.empty()) out->symbols = source.symbols;
    const auto shift = source.truth.find("shift"), scale = source.truth.find("scale");
    if (!out->values.empty() && shift != source.truth.end() && scale != source.truth.end()) {
      out->shift = shift->second;
      out->scale = scale->second;
    }
    return out;
  }
};
ASSAY_REGISTER(Stage, Sample);

}  // namespace
}  // namespace assay::stages
