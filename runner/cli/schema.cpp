// schema: the JSON Schema of study files, for editors.
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "runner/cli/command.h"
#include "runner/config/sections.h"
#include "runner/registry/registry.h"

namespace assay::cli {

namespace {

using nlohmann::ordered_json;

ordered_json component_ref(const std::string& kind) {
  return {{"$ref", "#/$defs/" + kind}};
}

ordered_json item_schema(const ParamSpec& param) {
  ordered_json item;
  switch (param.type) {
    case ParamType::kBoolean:
      item["type"] = "boolean";
      break;
    case ParamType::kInteger:
    case ParamType::kNumber:
      item["type"] = param.type == ParamType::kInteger ? "integer" : "number";
      if (std::isfinite(param.low))
        item[param.low_open ? "exclusiveMinimum" : "minimum"] = param.low;
      if (std::isfinite(param.high))
        item[param.high_open ? "exclusiveMaximum" : "maximum"] = param.high;
      break;
    case ParamType::kText:
    case ParamType::kInput:
      item["type"] = "string";
      break;
    case ParamType::kChoice:
      item["enum"] = param.choices;
      break;
    case ParamType::kComponent:
      item = component_ref(param.target);
      break;
  }
  return item;
}

// Null for what JSON cannot say shortly.
ordered_json default_json(const Value& value) {
  if (value.is_boolean()) return value.boolean();
  if (value.is_integer()) return value.integer();
  if (value.is_number()) return value.number();
  if (value.is_string()) return value.string();
  return nullptr;
}

ordered_json param_schema(const ParamSpec& param) {
  ordered_json out = item_schema(param);
  if (param.list) out = {{"type", "array"}, {"items", out}};
  if (param.optional && !param.list && param.type != ParamType::kText)
    out = {{"anyOf", ordered_json::array({out, {{"const", "none"}}})}};
  if (!param.doc.empty()) out["description"] = param.doc + " Allowed: " + param.allowed() + ".";
  const ordered_json fallback = default_json(param.fallback);
  if (!fallback.is_null() && !param.list && !param.required) out["default"] = fallback;
  return out;
}

// The table of a key that holds one, beside the plain value that may stand there as well.
ordered_json& table_of(ordered_json& property) {
  static const ordered_json kTable = {
      {"type", "object"}, {"additionalProperties", false}, {"properties", ordered_json::object()}};
  if (property.is_null()) property = kTable;
  if (property.contains("anyOf")) return property["anyOf"].back();
  if (property["type"] == "object") return property;
  property = {{"anyOf", ordered_json::array({property, kTable})}};
  return property["anyOf"].back();
}

// A parameter among the properties of its section; "limits.time" inside a table limits.
void add_property(ordered_json& properties, const ParamSpec& param) {
  const std::string key = config::key_of(param);
  if (key == param.name) {
    properties[key] = param_schema(param);
    return;
  }
  ordered_json& table = table_of(properties[key]);
  const std::string name = param.name.substr(key.size() + 1);
  table["properties"][name] = param_schema(param);
  if (param.required) table["required"].push_back(name);
}

ordered_json object_schema(const std::vector<ParamSpec>& params) {
  ordered_json out = {{"type", "object"}, {"additionalProperties", false}};
  ordered_json required = ordered_json::array();
  out["properties"] = ordered_json::object();
  for (const ParamSpec& param : params) {
    add_property(out["properties"], param);
    if (param.required && config::key_of(param) == param.name) required.push_back(param.name);
  }
  if (!required.empty()) out["required"] = required;
  return out;
}

ordered_json component_schema(const ComponentSpec& spec) {
  ordered_json out = object_schema(spec.params);
  out["properties"]["use"] = {{"const", spec.name}, {"description", spec.summary}};
  if (!out.contains("required")) out["required"] = ordered_json::array();
  out["required"].push_back("use");
  return out;
}

// One text stands for a list of one.
ordered_json texts_schema() {
  return {{"anyOf", ordered_json::array({{{"type", "string"}},
                                         {{"type", "array"}, {"items", {{"type", "string"}}}}})}};
}

ordered_json claim_schema() {
  ordered_json out = object_schema(config::claim_params());
  const ordered_json side = {{"type", "object"}}, sides = {{"type", "array"}, {"items", side}},
                     number = {{"type", "number"}};
  for (const char* key : {"better", "worse", "of", "where"}) out["properties"][key] = side;
  for (const char* key : {"at_least", "at_most"}) out["properties"][key] = number;
  out["properties"]["ordering"] = sides;
  out["properties"]["equal"] = {{"anyOf", ordered_json::array({sides, number})}};
  return out;
}

ordered_json ablation_schema() {
  ordered_json part = object_schema(config::part_params());
  part["properties"]["without"] = ordered_json::object();
  ordered_json out = object_schema(config::ablation_params());
  for (const char* key : {"value", "order"}) out["properties"][key] = texts_schema();
  out["properties"]["part"] = {{"type", "array"}, {"items", part}};
  return out;
}

ordered_json table_schema() {
  ordered_json out = object_schema(config::table_params());
  for (const char* key : {"rows", "columns", "within", "value", "best"})
    out["properties"][key] = texts_schema();
  ordered_json numbers = object_schema(config::paper_params());
  numbers["properties"]["where"] = {{"type", "object"}};
  for (const char* key : {"value", "spread"}) numbers["properties"][key] = {{"type", "object"}};
  numbers["required"].push_back("value");
  ordered_json& paper = out["properties"]["paper"];
  paper = {{"anyOf", ordered_json::array({paper, {{"type", "array"}, {"items", numbers}}})}};
  return out;
}

ordered_json study_schema() {
  ordered_json defs;
  const Registry& registry = Registry::global();
  for (const std::string& kind : registry.kinds()) {
    ordered_json any = ordered_json::array();
    if (kind != "stage") any.push_back({{"enum", registry.names(kind)}});
    for (const ComponentSpec* spec : registry.all(kind)) {
      ordered_json item = component_schema(*spec);
      if (kind == "stage") {
        for (const ParamSpec& param : config::stage_params())
          add_property(item["properties"], param);
        // An axis may give what the stage leaves out.
        item["required"] = {"use"};
      }
      any.push_back(std::move(item));
    }
    if (!any.empty()) defs[kind] = {{"anyOf", any}};
  }
  ordered_json out;
  out["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  out["title"] = "Assay study";
  out["type"] = "object";
  out["additionalProperties"] = false;
  out["properties"]["extends"] = texts_schema();
  out["properties"]["study"] = object_schema(config::study_params());
  out["properties"]["stage"] = {{"type", "object"},
                                {"additionalProperties", component_ref("stage")}};
  out["properties"]["sweep"] = {{"type", "object"}};
  out["properties"]["table"] = table_schema();
  out["properties"]["claim"] = {{"type", "array"}, {"items", claim_schema()}};
  out["properties"]["ablation"] = ablation_schema();
  out["properties"]["profile"] = {{"type", "object"},
                                  {"additionalProperties", {{"type", "object"}}}};
  out["$defs"] = defs;
  return out;
}

}  // namespace

int schema_command(const Arguments& arguments) {
  po::options_description options("options");
  po::variables_map vm;
  if (!parse(arguments, "schema", options, {}, vm)) return 0;
  std::cout << study_schema().dump(2) << "\n";
  return 0;
}

}  // namespace assay::cli
