// Waits: a stage of known length, for testing runners.
#include <chrono>
#include <thread>

#include "runner/registry/stage.h"

namespace assay::stages {
namespace {

struct Sleep final : Stage {
  using Gives = NoArtifact;
  static constexpr Info kInfo{"sleep", 1, "Waits for some seconds."};
  double seconds = 0.1;
  double value = 0.0;
  bool deaf = false;

  static void params(Params<Sleep>& p) {
    p.add("seconds", &Sleep::seconds).range(0, 86400).unit("s").doc("How long it waits.");
    p.add("value", &Sleep::value).doc("Reported as the metric value.");
    p.add("deaf", &Sleep::deaf).doc("Whether it goes on although the run stops.").since(2);
  }
  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    while (Clock::now() < end) {
      if (!deaf) context.throw_if_stopped();
      const auto left = std::chrono::duration<double>(end - Clock::now());
      std::this_thread::sleep_for(std::min(left, std::chrono::duration<double>(0.02)));
    }
    context.metric("value", value);
    return std::make_shared<const NoArtifact>();
  }
};
ASSAY_REGISTER(Stage, Sleep);

}  // namespace
}  // namespace assay::stages
