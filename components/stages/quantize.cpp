// Quantizes the weights of a trained model.
#include "components/nn/cores.h"
#include "components/quantizers/quantizer.h"

namespace assay::stages {
namespace {

struct Quantize final : Stage {
  using Gives = TrainedModel;
  static constexpr Info kInfo{"quantize", 1, "Quantizes the weights of a trained model."};
  Input<TrainedModel> model;
  Input<Data> data;
  Slot<Quantizer> quantizer{"round-to-nearest"};
  int calibration = 256;

  static void params(Params<Quantize>& p) {
    p.add("model", &Quantize::model).doc("What it quantizes.");
    p.add("data", &Quantize::data).doc("Where calibration examples come from.");
    p.add("quantizer", &Quantize::quantizer).doc("How.");
    p.add("calibration", &Quantize::calibration)
        .range(1, 1e6)
        .unit("examples")
        .doc("First training examples shown to it.");
  }
  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    auto out = std::make_shared<TrainedModel>(context.get(model));
    const Data& source = context.get(data);
    require_same_input(out->format, source.format);
    const nn::UseCores wide(context.cores());
    quantizer->quantize(*out, source.train.first(calibration, source.format),
                        context.stream("quantize"));
    return out;
  }
};
ASSAY_REGISTER(Stage, Quantize);

}  // namespace
}  // namespace assay::stages
