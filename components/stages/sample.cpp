// Draws samples from a trained model, prompted by the examples of a split. `assay samples` prints
// them.
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
        .doc("At most the examples of the split.");
    p.add("split", &Sample::split, {"train", "valid", "test"}).doc("Of the prompts.");
  }
  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    static constexpr const char* kSplits[] = {"train", "valid", "test"};
    const Data& source = context.get(data);
    require_same_input(context.get(model).format, source.format);
    const Examples& prompts = source.split(kSplits[static_cast<int>(split)]);
    const auto drawn = sampler->sample(context.get(model), prompts.first(count, source.format),
                                       context.stream("sample"));
    auto out = std::make_shared<Samples>(*drawn);
    out->symbols = source.symbols;
    return out;
  }
};
ASSAY_REGISTER(Stage, Sample);

}  // namespace
}  // namespace assay::stages
