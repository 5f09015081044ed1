#include "runner/config/ablation.h"

#include <fstream>

#include "runner/config/study.h"
#include "runner/registry/registry.h"
#include "tests/store/support.h"

using namespace assay;
using config::load_study;

namespace {

constexpr const char* kPipeline = R"(
[study]
name = "ablated"
[stage.data]
use = "load"
dataset = { use = "label-noise", rate = 0.2, dataset = "digits" }
[stage.base]
use = "train"
data = "data"
model = { use = "moe-mlp", router = { use = "topk-softmax", k = 2 } }
optimizer = { use = "adamw", weight_decay = 0.1 }
)";

std::shared_ptr<const config::Study> study(const std::string& more) {
  const store::Scratch scratch("ablation");
  std::filesystem::create_directories(scratch);
  const std::string file = (scratch / "study.toml").string();
  std::ofstream(file) << kPipeline << more;
  Diagnostics out;
  auto study = load_study(file, {}, out);
  REQUIRE_MESSAGE(study, out.render());
  return study;
}

// What the systems of the design set, as "label: path = value, …".
std::vector<std::string> systems(const config::Study& study) {
  std::vector<std::string> out;
  const design::Axis& axis = study.design.axes().at(0);
  for (std::size_t i = 0; i < axis.labels.size(); ++i) {
    std::string& line = out.emplace_back(axis.labels[i] + ":");
    for (std::size_t p = 0; p < axis.paths.size(); ++p)
      if (!axis.values[i][p].none()) line += " " + axis.paths[p] + " = " + axis.values[i][p].text();
  }
  return out;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a part that says no replacement is replaced by what its kind or parameter declares") {
  const auto ablated = study(R"(
[[ablation.part]]
path = "base.model.router"
[[ablation.part]]
path = "base.optimizer.weight_decay"
[[ablation.part]]
name = "noise"
path = "data.dataset"
)");
  CHECK(systems(*ablated) == Lines{"full:", "without router: base.model.router = \"uniform\"",
                                   "without weight_decay: base.optimizer.weight_decay = 0.0",
                                   "without noise: data.dataset = \"digits\""});
}

TEST_CASE("a part may replace several parameters, and designs combine with sweeps") {
  const auto ablated = study(R"(
[ablation]
design = "path"
order = ["regularisation"]
[[ablation.part]]
path = "base.model.router"
without = { use = "random", k = 2 }
[[ablation.part]]
name = "regularisation"
without = { "base.optimizer.weight_decay" = 0.0, "base.steps" = 100 }
[sweep]
"base.optimizer.lr" = [0.001, 0.01]
)");
  CHECK(systems(*ablated) ==
        Lines{"full:", "without regularisation: base.optimizer.weight_decay = 0.0 base.steps = 100",
              "bare: base.model.router = { use = \"random\", k = 2 } "
              "base.optimizer.weight_decay = 0.0 base.steps = 100"});
  CHECK(ablated->design.size() == 6);
}

TEST_CASE(
    "every declared replacement is a component of the kind, and of the neutral kinds all have "
    "one") {
  for (const std::string& kind : Registry::global().kinds()) {
    for (const ComponentSpec* spec : Registry::global().all(kind)) {
      CAPTURE(kind + "." + spec->name);
      if (spec->neutral.empty()) continue;
      if (spec->neutral[0] == '@') {
        const ParamSpec* inner = spec->param(spec->neutral.substr(1));
        REQUIRE(inner);
        CHECK(inner->target == kind);
      } else {
        CHECK(Registry::global().find(kind, spec->neutral));
      }
    }
  }
  for (const char* kind : {"gate", "router", "pruner", "quantizer", "codebook", "sae", "sampler",
                           "selector", "mixer", "optimizer", "model"})
    for (const ComponentSpec* spec : Registry::global().all(kind)) {
      CAPTURE(spec->name);
      CHECK_FALSE(spec->neutral.empty());
    }
}
