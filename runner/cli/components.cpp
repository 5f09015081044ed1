// list, describe, docs: what the registry knows.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "runner/cli/command.h"
#include "runner/graph/usage.h"
#include "runner/registry/registry.h"
#include "runner/registry/shipped.h"

namespace assay::cli {

namespace {

using nlohmann::ordered_json;

std::string type_text(const ParamSpec& param) {
  static constexpr const char* kNames[] = {"boolean", "integer", "number", "string",
                                           "choice",  "",        ""};
  std::string name = param.type == ParamType::kComponent ? param.target
                     : param.type == ParamType::kInput   ? "stage giving a " + param.target
                                                         : kNames[static_cast<int>(param.type)];
  return param.list ? "list of " + name : name;
}

std::string default_text(const ParamSpec& param) {
  if (param.required) return "required";
  if (param.fallback.none()) return "none";
  return param.fallback.text();
}

using Usage = std::map<std::string, std::set<std::string>>;

// The first `most` by name, and how many more.
std::string studies_of(const Usage& usage, const ComponentSpec& spec, std::size_t most = SIZE_MAX) {
  std::string out;
  const auto found = usage.find(spec.kind + "." + spec.name);
  if (found == usage.end()) return out;
  std::size_t n = 0;
  for (const std::string& study : found->second)
    if (n++ < most) out += (out.empty() ? "" : ", ") + study;
  if (n > most) out += " and " + std::to_string(n - most) + " more (--all)";
  return out;
}

std::string page(const ComponentSpec& spec) {
  std::ostringstream out;
  out << "# " << spec.kind << "." << spec.name << "\n\n" << spec.summary << "\n\n";
  out << "Version " << spec.version << (spec.draws ? "; draws random numbers" : "");
  if (!spec.gives.empty()) out << "; gives a " << spec.gives;
  out << ".";
  if (!spec.reference.empty()) out << " Reference: " << spec.reference << ".";
  out << "\n";
  if (!spec.example.empty()) out << "\nA small one: `" << spec.example_text() << "`.\n";
  if (spec.params.empty()) return out.str() + "\nIt has no parameters.\n";
  out << "\n| parameter | type | default | allowed | meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const ParamSpec& param : spec.params)
    out << "| `" << param.name << "` | " << type_text(param) << " | `" << default_text(param)
        << "` | " << param.allowed() << " | " << param.doc
        << (param.source.empty() ? "" : " (" + param.source + ")") << " |\n";
  return out.str();
}

ordered_json param_json(const ParamSpec& param) {
  ordered_json out;
  out["name"] = param.name;
  out["type"] = type_text(param);
  out["default"] = default_text(param);
  out["allowed"] = param.allowed();
  if (!param.unit.empty()) out["unit"] = param.unit;
  out["doc"] = param.doc;
  if (!param.source.empty()) out["source"] = param.source;
  return out;
}

}  // namespace

void must_be_kind(const std::string& kind) {
  const auto kinds = Registry::global().kinds();
  if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) return;
  std::string all;
  for (const auto& known : kinds) all += (all.empty() ? "" : ", ") + known;
  throw UsageError("unknown kind \"" + kind + "\"" + suggestion(kind, kinds) + "; kinds: " + all);
}

int list_command(const Arguments& arguments) {
  constexpr std::size_t kStudies = 4;
  po::options_description options("options");
  options.add_options()("all", po::bool_switch(), "name every study that uses a component");
  po::variables_map vm;
  if (!parse(arguments, "list [KIND] [--all]", options, {"kind"}, vm)) return 0;
  std::vector<std::string> kinds = Registry::global().kinds();
  if (vm.count("kind")) {
    kinds = vm["kind"].as<std::vector<std::string>>();
    must_be_kind(kinds.front());
  }
  // Of one kind there is room to say more.
  const bool more = kinds.size() == 1;
  const std::size_t most = vm["all"].as<bool>() ? SIZE_MAX : kStudies;
  const Usage usage = more ? graph::studies_by_component(shipped_folder("configs")) : Usage();
  for (const std::string& kind : kinds) {
    for (const ComponentSpec* spec : Registry::global().all(kind)) {
      std::string name = kind + "." + spec->name;
      name.resize(std::max<std::size_t>(name.size() + 2, 34), ' ');
      std::cout << name << spec->summary << "\n";
      if (more && !spec->reference.empty())
        std::cout << std::string(34, ' ') << spec->reference << "\n";
      if (const std::string studies = studies_of(usage, *spec, most); !studies.empty())
        std::cout << std::string(34, ' ') << "in " << studies << "\n";
    }
  }
  return 0;
}

int describe_command(const Arguments& arguments) {
  po::options_description options("options");
  options.add_options()("json", po::bool_switch(), "as JSON");
  po::variables_map vm;
  if (!parse(arguments, "describe KIND.NAME [--json]", options, {"component"}, vm)) return 0;
  if (!vm.count("component"))
    throw UsageError("describe needs a component\nusage: assay describe KIND.NAME");
  const std::string wanted = vm["component"].as<std::vector<std::string>>().front();
  const std::size_t dot = wanted.find('.');
  const std::string kind = wanted.substr(0, dot);
  must_be_kind(kind);
  const std::string name = dot == std::string::npos ? "" : wanted.substr(dot + 1);
  const ComponentSpec* spec = Registry::global().find(kind, name);
  if (!spec)
    throw UsageError("unknown " + kind + " \"" + name + "\"" +
                     suggestion(name, Registry::global().names(kind)) + " (assay list " + kind +
                     ")");
  if (!vm["json"].as<bool>()) {
    std::cout << page(*spec);
    return 0;
  }
  ordered_json out;
  out["kind"] = spec->kind, out["name"] = spec->name, out["version"] = spec->version;
  out["summary"] = spec->summary, out["reference"] = spec->reference, out["draws"] = spec->draws;
  if (!spec->gives.empty()) out["gives"] = spec->gives;
  out["parameters"] = ordered_json::array();
  for (const ParamSpec& param : spec->params) out["parameters"].push_back(param_json(param));
  std::cout << out.dump(2) << "\n";
  return 0;
}

int docs_command(const Arguments& arguments) {
  po::options_description options("options");
  po::variables_map vm;
  if (!parse(arguments, "docs DIR", options, {"folder"}, vm)) return 0;
  if (!vm.count("folder")) throw UsageError("docs needs a folder\nusage: assay docs DIR");
  const std::filesystem::path folder = vm["folder"].as<std::vector<std::string>>().front();
  std::filesystem::create_directories(folder);
  std::ostringstream index;
  index << "# Components\n\nWritten by `assay docs`; do not edit. Studies are those under "
           "configs/.\n";
  const Usage usage = graph::studies_by_component(shipped_folder("configs"));
  for (const std::string& kind : Registry::global().kinds()) {
    const auto all = Registry::global().all(kind);
    if (all.empty()) continue;
    index << "\n## " << kind << "\n\n| " << kind
          << " | what it is | source | studies |\n| --- | --- | --- | --- |\n";
    for (const ComponentSpec* spec : all) {
      const std::string name = kind + "." + spec->name + ".md";
      index << "| [" << spec->name << "](" << name << ") | " << spec->summary << " | "
            << spec->reference << " | " << studies_of(usage, *spec) << " |\n";
      std::ofstream(folder / name) << page(*spec);
    }
  }
  std::ofstream(folder / "README.md") << index.str();
  return 0;
}

}  // namespace assay::cli
