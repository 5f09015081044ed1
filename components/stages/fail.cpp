// Fails with a message, for testing what a runner does about it.
#include "runner/registry/stage.h"

namespace assay::stages {
namespace {

struct Fail final : Stage {
  using Gives = NoArtifact;
  static constexpr Info kInfo{"fail", 1, "Fails with a message, or succeeds if told so."};
  bool fail = true;
  std::string message = "failed as asked";

  static void params(Params<Fail>& p) {
    p.add("fail", &Fail::fail).doc("Whether it fails.");
    p.add("message", &Fail::message).doc("What it says.");
  }
  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    if (fail) throw std::runtime_error(message);
    context.metric("value", 1.0);
    return std::make_shared<const NoArtifact>();
  }
};
ASSAY_REGISTER(Stage, Fail);

}  // namespace
}  // namespace assay::stages
