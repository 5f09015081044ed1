// Ends its process by a real segmentation fault, for testing isolation.
#include <sys/mman.h>

#include "runner/registry/stage.h"

namespace assay::stages {
namespace {

struct Crash final : Stage {
  using Gives = NoArtifact;
  static constexpr Info kInfo{"crash", 1, "Crashes with a segmentation fault, or not if told so."};
  bool crash = true;

  static void params(Params<Crash>& p) { p.add("crash", &Crash::crash).doc("Whether it crashes."); }
  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    if (crash) {
      // A page that nobody may touch: a null pointer would be caught by the undefined sanitizer.
      auto* page = static_cast<volatile char*>(
          mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
      *page = 1;
    }
    context.metric("value", 1.0);
    return std::make_shared<const NoArtifact>();
  }
};
ASSAY_REGISTER(Stage, Crash);

}  // namespace
}  // namespace assay::stages
