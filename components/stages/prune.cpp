// Removes weights of a trained model.
#include "components/nn/cores.h"
#include "components/pruners/pruner.h"

namespace assay::stages {
namespace {

struct Prune final : Stage {
  using Gives = TrainedModel;
  static constexpr Info kInfo{"prune", 1, "Removes weights of a trained model."};
  Input<TrainedModel> model;
  Input<Data> data;
  Slot<Pruner> pruner{"magnitude"};
  int calibration = 256;

  static void params(Params<Prune>& p) {
    p.add("model", &Prune::model).doc("What it prunes.");
    p.add("data", &Prune::data).doc("Where calibration examples come from.");
    p.add("pruner", &Prune::pruner).doc("How.");
    p.add("calibration", &Prune::calibration)
        .range(1, 1e6)
        .unit("examples")
        .doc("First training examples shown to it.");
  }
  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    auto out = std::make_shared<TrainedModel>(context.get(model));
    const Data& source = context.get(data);
    require_same_input(out->format, source.format);
    const nn::UseCores wide(context.cores());
    pruner->prune(*out, source.train.first(calibration, source.format), context.stream("prune"));
    out->parameters.apply_masks();
    return out;
  }
};
ASSAY_REGISTER(Stage, Prune);

}  // namespace
}  // namespace assay::stages
