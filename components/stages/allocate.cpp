// Takes memory and touches every page of it, for testing memory budgets.
#include "runner/registry/stage.h"

namespace assay::stages {
namespace {

struct Allocate final : Stage {
  using Gives = NoArtifact;
  static constexpr Info kInfo{"allocate", 1, "Takes memory and touches it."};
  int megabytes = 16;

  static void params(Params<Allocate>& p) {
    p.add("megabytes", &Allocate::megabytes).range(0, 1 << 20).unit("MB").doc("How much it takes.");
  }
  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    std::vector<char> memory(static_cast<std::size_t>(megabytes) * 1000 * 1000);
    for (std::size_t i = 0; i < memory.size(); i += 4096) memory[i] = 1;
    std::size_t touched = 0;
    for (std::size_t i = 0; i < memory.size(); i += 4096)
      touched += static_cast<std::size_t>(memory[i]);
    context.metric("pages", static_cast<double>(touched));
    return std::make_shared<const NoArtifact>();
  }
};
ASSAY_REGISTER(Stage, Allocate);

}  // namespace
}  // namespace assay::stages
