// Measures what it is given by a list of metrics.
#include "components/metrics/metric.h"
#include "components/nn/cores.h"

namespace assay::stages {
namespace {

struct Evaluate final : Stage {
  enum class Split { kTrain, kValid, kTest };
  using Gives = NoArtifact;
  static constexpr Info kInfo{"evaluate", 1, "Measures metrics."};
  Input<TrainedModel> model;
  Input<Data> data;
  Input<TrainedSae> sae;
  Input<Samples> samples;
  Input<TrainedModel> reference;
  std::vector<Slot<Metric>> metrics;
  Split split = Split::kTest;

  static void params(Params<Evaluate>& p) {
    p.add("model", &Evaluate::model).optional().doc("The model to measure.");
    p.add("data", &Evaluate::data).optional().doc("The data to measure on.");
    p.add("sae", &Evaluate::sae).optional().doc("The sparse autoencoder to measure.");
    p.add("samples", &Evaluate::samples).optional().doc("The samples to measure.");
    p.add("reference", &Evaluate::reference)
        .optional()
        .doc("Another model, which some metrics compare the model with.")
        .since(2);
    p.add("metrics", &Evaluate::metrics).required().min_count(1).doc("What to measure.");
    p.add("split", &Evaluate::split, {"train", "valid", "test"}).doc("Of the data.");
  }

  std::string check() const override {
    for (const auto& metric : metrics) {
      const std::string needs = " " + std::string(metric->needs()) + " ";
      const std::pair<const char*, bool> given[] = {{"model", bool(model)},
                                                    {"data", bool(data)},
                                                    {"sae", bool(sae)},
                                                    {"samples", bool(samples)},
                                                    {"reference", bool(reference)}};
      for (const auto& [name, there] : given)
        if (!there && needs.find(" " + std::string(name) + " ") != std::string::npos)
          return "metrics: \"" + metric->spec().name + "\" needs the input " + name + ", as in " +
                 name + " = \"stage\"";
    }
    return {};
  }

  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    static constexpr const char* kSplits[] = {"train", "valid", "test"};
    Evaluation evaluation;
    const nn::UseCores wide(context.cores());
    evaluation.model = context.get_if(model);
    evaluation.data = context.get_if(data);
    evaluation.sae = context.get_if(sae);
    evaluation.samples = context.get_if(samples);
    evaluation.reference = context.get_if(reference);
    for (const TrainedModel* read : {evaluation.model, evaluation.reference})
      if (read && evaluation.data) require_same_input(read->format, evaluation.data->format);
    evaluation.split = kSplits[static_cast<int>(split)];
    for (const auto& metric : metrics) {
      context.throw_if_stopped();
      metric->measure(evaluation, [&](std::string name, double value) {
        context.metric(std::move(name), value);
      });
    }
    return std::make_shared<const NoArtifact>();
  }
};
ASSAY_REGISTER(Stage, Evaluate);

}  // namespace
}  // namespace assay::stages
