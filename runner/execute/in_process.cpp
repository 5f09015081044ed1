#include "runner/execute/executor.h"
#include "runner/store/midway.h"

namespace assay::execute {

namespace {

class InProcess final : public Backend {
 public:
  InProcess(const config::Study& study, const graph::Linker& linker, std::filesystem::path folder,
            std::atomic<bool>& stop)
      : study_(study),
        linker_(linker),
        folder_(std::move(folder)),
        stop_(stop) {}

  Outcome run(const Node& node, const Lookup& inputs) override {
    const config::StageSpec& spec = study_.stages[static_cast<std::size_t>(node.stage)];
    std::vector<int> choice;
    study_.design.decode(node.variant, choice);
    const auto lookup = [&](const std::string& name) {
      for (std::size_t i = 0; i < study_.stages.size(); ++i)
        if (study_.stages[i].name == name) return inputs(static_cast<int>(i));
      throw std::logic_error("no input stage " + name);
    };
    const auto midway = store::make_midway(folder_, node.key, spec.checkpoint_seconds);
    StageContext context({study_.seed, node.replicate, spec.name}, lookup, spec.cores, &stop_,
                         midway.get());
    Outcome out;
    out.artifact = linker_.build(node.stage, choice)->run(context);
    out.metrics = context.metrics();
    out.curves = context.curves();
    out.done = true;
    return out;
  }

 private:
  const config::Study& study_;
  const graph::Linker& linker_;
  std::filesystem::path folder_;
  std::atomic<bool>& stop_;
};

}  // namespace

std::unique_ptr<Backend> make_in_process_backend(const config::Study& study,
                                                 const graph::Linker& linker,
                                                 const std::filesystem::path& folder,
                                                 std::atomic<bool>& stop) {
  return std::make_unique<InProcess>(study, linker, folder, stop);
}

}  // namespace assay::execute
