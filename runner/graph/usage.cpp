#include "runner/graph/usage.h"

#include <filesystem>

#include "runner/graph/linker.h"

namespace assay::graph {

namespace {

void visit(std::string_view kind, const Value& value, std::set<std::string>& out) {
  const ComponentSpec* spec = Registry::global().find(kind, value.component_name());
  if (!spec) return;
  out.insert(spec->kind + "." + spec->name);
  for (const ParamSpec& param : spec->params) {
    const Value* inside = value.find(param.name);
    if (!inside || param.type != ParamType::kComponent) continue;
    if (!param.list)
      visit(param.target, *inside, out);
    else
      for (const Value& item : inside->array()) visit(param.target, item, out);
  }
}

}  // namespace

std::set<std::string> components_of(const config::Study& study) {
  std::set<std::string> out;
  Linker linker(study);
  Diagnostics mistakes;
  linker.check(mistakes);
  if (!mistakes.ok()) return out;
  constexpr std::uint64_t kMost = 20000;  // of variants; a study this wide repeats its components
  study.design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
    for (std::size_t s = 0; s < study.stages.size(); ++s)
      visit("stage", linker.configure(static_cast<int>(s), choice), out);
    return variant < kMost;
  });
  return out;
}

std::map<std::string, std::set<std::string>> studies_by_component(const std::string& folder) {
  namespace fs = std::filesystem;
  std::map<std::string, std::set<std::string>> out;
  if (!fs::is_directory(folder)) return out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".toml") continue;
    Diagnostics mistakes;
    const auto study = config::load_study(entry.path().string(), {}, mistakes);
    if (!study || !mistakes.ok()) continue;
    const std::string name = fs::relative(entry.path(), folder).string();
    for (const std::string& component : components_of(*study)) out[component].insert(name);
  }
  return out;
}

}  // namespace assay::graph
