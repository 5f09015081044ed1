// Takes memory and touches every page of it, for testing memory budgets and limits.
#include "runner/registry/stage.h"

namespace assay::stages {
namespace {

struct Allocate final : Stage {
  using Gives = NoArtifact;
  static constexpr Info kInfo{"allocate", 1, "Takes memory and touches it."};
  int megabytes = 16;
  int step = 0;

  static void params(Params<Allocate>& p) {
    p.add("megabytes", &Allocate::megabytes).range(0, 1 << 20).unit("MB").doc("How much it takes.");
    p.add("step", &Allocate::step)
        .range(0, 1 << 20)
        .unit("MB")
        .doc("How much at a time; 0: all at once.")
        .since(2);
  }
  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    std::vector<std::vector<char>> taken;
    std::size_t touched = 0;
    for (int left = megabytes; left > 0; left -= step > 0 ? step : megabytes) {
      const int now = step > 0 ? std::min(step, left) : left;
      std::vector<char>& memory = taken.emplace_back(static_cast<std::size_t>(now) * 1000 * 1000);
      for (std::size_t i = 0; i < memory.size(); i += 4096) memory[i] = 1;
      for (std::size_t i = 0; i < memory.size(); i += 4096)
        touched += static_cast<std::size_t>(memory[i]);
    }
    context.metric("pages", static_cast<double>(touched));
    return std::make_shared<const NoArtifact>();
  }
};
ASSAY_REGISTER(Stage, Allocate);

}  // namespace
}  // namespace assay::stages
