// Does nothing but give its value back: for testing runners and measuring their overhead.
#include "runner/registry/stage.h"

namespace assay::stages {
namespace {

struct Noop final : Stage {
  using Gives = NoArtifact;
  static constexpr Info kInfo{"noop", 1, "Gives its value back as a metric."};
  double value = 0.0;
  double other = 0.0;

  static void params(Params<Noop>& p) {
    p.add("value", &Noop::value).doc("Reported as the metric value.");
    p.add("other", &Noop::other).doc("Reported as the metric other.");
  }
  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    context.metric("value", value);
    context.metric("other", other);
    return std::make_shared<const NoArtifact>();
  }
};
ASSAY_REGISTER(Stage, Noop);

}  // namespace
}  // namespace assay::stages
