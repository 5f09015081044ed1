#include "runner/registry/registry.h"

#include <array>

namespace assay {

std::span<const std::string_view> known_kinds() {
  static constexpr std::array<std::string_view, 17> kKinds = {
      "gate",    "router",    "pruner",    "quantizer", "codebook", "sae",
      "sampler", "eviction",  "selector",  "dataset",   "model",    "mixer",
      "adapter", "objective", "optimizer", "metric",    "stage"};
  return kKinds;
}

bool is_absent(const Value& value) {
  return value.none() || (value.is_string() && value.string() == "none");
}

const ParamSpec* ComponentSpec::param(std::string_view wanted) const {
  for (const ParamSpec& param : params)
    if (param.name == wanted) return &param;
  return nullptr;
}

std::vector<std::string> ComponentSpec::param_names() const {
  std::vector<std::string> out;
  for (const ParamSpec& param : params) out.push_back(param.name);
  return out;
}

std::string ComponentSpec::example_text() const {
  return "{ use = " + toml_string(name) + (example.empty() ? "" : ", " + example) + " }";
}

Registry& Registry::global() {
  static Registry registry;
  return registry;
}

void Registry::add(ComponentSpec spec) {
  auto& names = kinds_[spec.kind];
  const auto known = names.find(spec.name);
  if (known != names.end()) {
    duplicates_.push_back(spec.kind + " \"" + spec.name + "\" is registered twice: by " +
                          known->second.file + " and by " + spec.file);
    return;
  }
  const std::string name = spec.name;
  names.emplace(name, std::move(spec));
}

std::vector<std::string> Registry::kinds() const {
  std::vector<std::string> out;
  for (const std::string_view kind : known_kinds()) out.emplace_back(kind);
  return out;
}

std::vector<std::string> Registry::names(std::string_view kind) const {
  std::vector<std::string> out;
  for (const ComponentSpec* spec : all(kind)) out.push_back(spec->name);
  return out;
}

std::vector<const ComponentSpec*> Registry::all(std::string_view kind) const {
  std::vector<const ComponentSpec*> out;
  const auto it = kinds_.find(kind);
  if (it == kinds_.end()) return out;
  for (const auto& [name, spec] : it->second) out.push_back(&spec);
  return out;
}

const ComponentSpec* Registry::find(std::string_view kind, std::string_view name) const {
  const auto it = kinds_.find(kind);
  if (it == kinds_.end()) return nullptr;
  const auto found = it->second.find(name);
  return found == it->second.end() ? nullptr : &found->second;
}

namespace {

// Whether "none" is a value of it like any other.
bool takes_text(const ParamSpec& param) {
  return param.type == ParamType::kText || param.type == ParamType::kChoice;
}

const Value& value_or_default(const ParamSpec& param, const Value* given) {
  return given ? *given : param.fallback;
}

// The items of a parameter: those of its list, or itself.
std::vector<const Value*> items_of(const ParamSpec& param, const Value& value) {
  if (is_absent(value) && !(takes_text(param) && value.is_string())) return {};
  if (!param.list) return {&value};
  std::vector<const Value*> out;
  for (const Value& item : value.array()) out.push_back(&item);
  return out;
}

}  // namespace

Canonical Registry::canonical_param(const ParamSpec& param, const Value& value) const {
  if (is_absent(value) && param.optional) return {"none"};
  if (param.type != ParamType::kComponent) {
    // An integer written for a number is that number.
    if (param.type == ParamType::kNumber && !param.list) return {number_text(value.number())};
    if (param.type == ParamType::kNumber) {
      std::string text = "[";
      for (const Value& item : value.array()) text += number_text(item.number()) + ", ";
      return {text + "]"};
    }
    return {value.text()};
  }
  Canonical out;
  for (const Value* item : items_of(param, value)) {
    const Canonical inner = canonical(param.target, *item);
    out.text += (out.text.empty() ? "" : ", ") + inner.text;
    out.draws = out.draws || inner.draws;
    out.surrogate = out.surrogate || inner.surrogate;
  }
  if (param.list) out.text = "[" + out.text + "]";
  return out;
}

Canonical Registry::canonical(std::string_view kind, const Value& value) const {
  const ComponentSpec& spec = *find(kind, value.component_name());
  Canonical out{"{ use = " + toml_string(spec.name) + ", version = " + std::to_string(spec.version),
                spec.draws, spec.surrogate};
  for (const ParamSpec& param : spec.params) {
    const Value* given = value.find(param.name);
    const Canonical inner = canonical_param(param, value_or_default(param, given));
    out.draws = out.draws || inner.draws;
    out.surrogate = out.surrogate || inner.surrogate;
    if (!param.in_key) continue;
    if (param.since > 1 && inner.text == canonical_param(param, param.fallback).text) continue;
    out.text += ", " + param.name + " = " + inner.text;
  }
  out.text += " }";
  return out;
}

Value Registry::filled(std::string_view kind, const Value& value) const {
  const ComponentSpec* spec = find(kind, value.component_name());
  if (!spec) return value;
  Value out;
  out.where = value.where;
  out.set("use", Value(spec->name));
  for (const ParamSpec& param : spec->params) {
    const Value& given = value_or_default(param, value.find(param.name));
    if (is_absent(given) && !(takes_text(param) && given.is_string())) {
      // Left out it would be the default again.
      if (param.optional && !param.fallback.none()) out.set(param.name, Value("none"));
      continue;
    }
    if (param.type != ParamType::kComponent) {
      out.set(param.name, given);
    } else if (param.list) {
      Value::Array inner;
      for (const Value& item : given.array()) inner.push_back(filled(param.target, item));
      out.set(param.name, Value(std::move(inner)));
    } else {
      out.set(param.name, filled(param.target, given));
    }
  }
  return out;
}

std::shared_ptr<const Component> Registry::build(std::string_view kind, const Value& value) const {
  const ComponentSpec* spec = find(kind, value.component_name());
  if (!spec)
    throw std::runtime_error("unknown " + std::string(kind) + " \"" +
                             std::string(value.component_name()) + "\"");
  std::shared_ptr<Component> component = spec->make();
  for (const ParamSpec& param : spec->params) {
    const Value* given = value.find(param.name);
    const Value& at = value_or_default(param, given);
    if (!given && at.none() && !param.list && param.type != ParamType::kComponent) continue;
    ParamSpec::Built built;
    if (param.type == ParamType::kComponent)
      for (const Value* item : items_of(param, at)) built.push_back(build(param.target, *item));
    const bool absent = param.optional && is_absent(at) && !param.list;
    param.assign(*component, absent ? Value() : at, built);
  }
  component->spec_ = spec;
  component->config_ = filled(kind, value);
  return component;
}

}  // namespace assay
