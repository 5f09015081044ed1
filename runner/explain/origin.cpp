#include "runner/explain/origin.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "runner/config/parse.h"
#include "runner/registry/registry.h"

namespace assay::explain {

namespace {

void collect_texts(const Value& value, std::set<std::string, std::less<>>& out) {
  if (value.is_string()) out.insert(value.string());
  if (value.is_array())
    for (const Value& item : value.array()) collect_texts(item, out);
  if (value.is_table())
    for (const Value::Entry& entry : value.table()) collect_texts(entry.value, out);
}

Part part_of(const ComponentSpec& spec) {
  Part out;
  out.version = spec.version;
  out.draws = spec.draws;
  for (const ParamSpec& param : spec.params) {
    Part::Param& one = out.params.emplace_back();
    one.name = param.name;
    one.is = param.type == ParamType::kNumber      ? Part::Is::kNumber
             : param.type == ParamType::kComponent ? Part::Is::kComponent
             : param.type == ParamType::kInput     ? Part::Is::kInput
                                                   : Part::Is::kValue;
    if (one.is == Part::Is::kComponent) one.kind = param.target;
    one.list = param.list, one.optional = param.optional, one.in_key = param.in_key;
    one.added = param.since > 1;
    one.fallback = param.fallback;
  }
  return out;
}

// Every component that the study can name, and those that are defaults inside them.
class Collector {
 public:
  explicit Collector(const config::Study& study) {
    std::set<std::string, std::less<>> texts;
    for (const char* table : {"stage", "sweep"})
      if (const Value* value = study.root.find(table)) collect_texts(*value, texts);
    for (const std::string& kind : Registry::global().kinds())
      for (const ComponentSpec* spec : Registry::global().all(kind))
        if (texts.contains(spec->name)) add(*spec);
  }
  Catalogue parts;

 private:
  void add(const ComponentSpec& spec) {
    if (!parts.emplace(spec.kind + "." + spec.name, part_of(spec)).second) return;
    for (const ParamSpec& param : spec.params)
      if (param.type == ParamType::kComponent) defaults(param.target, param.fallback);
  }

  void defaults(const std::string& kind, const Value& value) {
    if (value.is_array())
      for (const Value& item : value.array()) defaults(kind, item);
    const ComponentSpec* spec = Registry::global().find(kind, value.component_name());
    if (!spec) return;
    add(*spec);
    for (const ParamSpec& param : spec->params)
      if (const Value* given = value.find(param.name); given && param.type == ParamType::kComponent)
        defaults(param.target, *given);
  }
};

const char* const kIs[] = {"value", "number", "component", "input"};

Value value_of(const Part& part) {
  Value out;
  out.set("version", Value(part.version));
  if (part.draws) out.set("draws", Value(true));
  Value::Array params;
  for (const Part::Param& param : part.params) {
    Value& one = params.emplace_back(Value::Table{});
    one.set("name", Value(param.name));
    if (param.is != Part::Is::kValue) one.set("is", Value(kIs[static_cast<int>(param.is)]));
    if (!param.kind.empty()) one.set("kind", Value(param.kind));
    if (param.list) one.set("list", Value(true));
    if (param.optional) one.set("optional", Value(true));
    if (!param.in_key) one.set("in_key", Value(false));
    if (param.added) one.set("added", Value(true));
    if (!param.fallback.none()) one.set("default", param.fallback);
  }
  out.set("params", Value(std::move(params)));
  return out;
}

bool truth(const Value& table, const char* key, bool otherwise) {
  const Value* value = table.find(key);
  return value && value->is_boolean() ? value->boolean() : otherwise;
}

std::string word(const Value& table, const char* key) {
  const Value* value = table.find(key);
  return value && value->is_string() ? value->string() : std::string();
}

std::int64_t count(const Value& table, const char* key) {
  const Value* value = table.find(key);
  return value && value->is_integer() ? value->integer() : 0;
}

// Positions in documents that no user wrote would mislead.
Value without_positions(Value value) {
  value.where = {};
  if (value.is_array())
    for (Value& item : value.array()) item = without_positions(std::move(item));
  if (value.is_table())
    for (Value::Entry& entry : value.table()) {
      entry.where = {};
      entry.value = without_positions(std::move(entry.value));
    }
  return value;
}

Part part_from(const Value& value) {
  Part out;
  out.version = static_cast<int>(count(value, "version"));
  out.draws = truth(value, "draws", false);
  const Value* params = value.find("params");
  if (!params || !params->is_array()) return out;
  for (const Value& one : params->array()) {
    Part::Param& param = out.params.emplace_back();
    param.name = word(one, "name"), param.kind = word(one, "kind");
    const auto* is = std::find(std::begin(kIs), std::end(kIs), word(one, "is"));
    if (is != std::end(kIs)) param.is = static_cast<Part::Is>(is - std::begin(kIs));
    param.list = truth(one, "list", false), param.optional = truth(one, "optional", false);
    param.in_key = truth(one, "in_key", true), param.added = truth(one, "added", false);
    if (const Value* fallback = one.find("default")) param.fallback = *fallback;
  }
  return out;
}

}  // namespace

Origin origin_of(const config::Study& study, int jobs) {
  Origin out;
  out.maker = this_maker(jobs);
  out.seed = study.seed;
  for (const config::StageSpec& stage : study.stages)
    out.stages.push_back({stage.name, stage.value, stage.value});
  out.parts = Collector(study).parts;
  return out;
}

std::string write_origin(const Origin& origin) {
  Value root, maker, study;
  maker.set("assay", Value(origin.maker.assay));
  maker.set("build", Value(origin.maker.build));
  maker.set("compiler", Value(origin.maker.compiler));
  maker.set("processor", Value(origin.maker.processor));
  maker.set("host", Value(origin.maker.host));
  maker.set("jobs", Value(origin.maker.jobs));
  root.set("maker", std::move(maker));
  study.set("seed", Value(static_cast<std::int64_t>(origin.seed)));
  root.set("study", std::move(study));
  Value& stages = root.set("stage", Value(Value::Table{}));
  for (const StageConfig& stage : origin.stages) stages.set(stage.name, stage.written);
  Value& parts = root.set("component", Value(Value::Table{}));
  for (const auto& [name, part] : origin.parts) parts.set(name, value_of(part));
  return config::show(root, false);
}

Origin parse_origin(const std::string& text) {
  const Value root = without_positions(config::parse_text("origin", text));
  Origin out;
  const Value *maker = root.find("maker"), *study = root.find("study"),
              *stages = root.find("stage"), *parts = root.find("component");
  if (!maker || !study || !stages || !parts || !stages->is_table() || !parts->is_table())
    throw std::runtime_error("this is no origin of cells");
  out.maker = {word(*maker, "assay"),     word(*maker, "build"), word(*maker, "compiler"),
               word(*maker, "processor"), word(*maker, "host"),  count(*maker, "jobs")};
  out.seed = static_cast<std::uint64_t>(count(*study, "seed"));
  for (const Value::Entry& entry : stages->table())
    out.stages.push_back({entry.key, entry.value, entry.value});
  for (const Value::Entry& entry : parts->table())
    out.parts.emplace(entry.key, part_from(entry.value));
  return out;
}

std::optional<Origin> read_origin(const std::filesystem::path& folder, const Key& key) {
  const auto file = folder / "origins" / (key.hex() + ".toml");
  std::ifstream in(file, std::ios::binary);
  if (!in.is_open()) return std::nullopt;
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (hash(bytes) != key) {
    spdlog::warn("{} is damaged; passed over", file.string());
    return std::nullopt;
  }
  try {
    return parse_origin(bytes);
  } catch (const std::exception& error) {
    spdlog::warn("{} cannot be read: {}", file.string(), error.what());
    return std::nullopt;
  }
}

Value axes_of(const std::string& config) {
  Value out = without_positions(config::parse_value("{ " + config + " }"));
  auto& entries = out.table();
  entries.erase(std::remove_if(entries.begin(), entries.end(),
                               [](const auto& entry) { return entry.key == "replicate"; }),
                entries.end());
  return out;
}

Node account_of(const Origin& origin, const Value& axes) {
  // Outer paths first, so that inner ones are set inside what those give.
  std::vector<const Value::Entry*> settings;
  for (const Value::Entry& entry : axes.table()) settings.push_back(&entry);
  const auto depth = [](const Value::Entry* entry) {
    return std::count(entry->key.begin(), entry->key.end(), '.');
  };
  std::stable_sort(settings.begin(), settings.end(),
                   [&](const auto* a, const auto* b) { return depth(a) < depth(b); });
  std::vector<StageConfig> stages = origin.stages;
  for (const Value::Entry* setting : settings) {
    const std::size_t dot = setting->key.find('.');
    if (dot == std::string::npos) continue;
    for (StageConfig& stage : stages)
      if (stage.name == setting->key.substr(0, dot))
        set_inside(stage.chosen, "stage", setting->key.substr(dot + 1), setting->value,
                   origin.parts);
  }
  return account(stages, origin.seed, {}, origin.parts);
}

Node account_of(const config::Study& study, const graph::Linker& linker,
                const std::vector<int>& choice, const Catalogue& parts) {
  std::vector<StageConfig> stages;
  for (std::size_t i = 0; i < study.stages.size(); ++i)
    stages.push_back({study.stages[i].name, study.stages[i].value,
                      linker.configure(static_cast<int>(i), choice)});
  const Value* section = study.root.find("study");
  const Value* seed = section ? section->find("seed") : nullptr;
  return account(stages, study.seed, seed ? seed->where : Position(), parts);
}

}  // namespace assay::explain
