// Gives a data set to the stages that follow.
#include "components/datasets/dataset.h"

namespace assay::stages {
namespace {

struct Load final : Stage {
  using Gives = Data;
  static constexpr Info kInfo{"load", 1, "Loads or generates a data set."};
  Slot<Dataset> dataset;

  static void params(Params<Load>& p) {
    p.add("dataset", &Load::dataset).required().doc("The data set.");
  }
  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    auto data = dataset->make();
    context.metric("train_examples", data->train.count);
    context.metric("test_examples", data->test.count);
    return data;
  }
};
ASSAY_REGISTER(Stage, Load);

}  // namespace
}  // namespace assay::stages
