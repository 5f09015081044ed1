#include "runner/explain/account.h"

#include <algorithm>
#include <optional>
#include <set>

#include "runner/registry/registry.h"

namespace assay::explain {

namespace {

const Part* find_part(const Catalogue& parts, const std::string& kind, std::string_view name) {
  const auto it = parts.find(kind + "." + std::string(name));
  return it == parts.end() ? nullptr : &it->second;
}

// As keys see it: an integer written for a number is that number.
std::string value_text(const Part::Param& param, const Value& value) {
  if (param.is != Part::Is::kNumber) return value.text();
  if (value.is_number()) return number_text(value.number());
  if (!value.is_array()) return value.text();
  std::string out;
  for (const Value& item : value.array())
    out +=
        (out.empty() ? "" : ", ") + (item.is_number() ? number_text(item.number()) : item.text());
  return "[" + out + "]";
}

class Reader {
 public:
  explicit Reader(const Catalogue& parts) : parts_(parts) {}

  Node component(const std::string& kind, const Value& value) const {
    Node out;
    out.where = value.where;
    const Part* part = find_part(parts_, kind, value.component_name());
    out.text = part ? toml_string(value.component_name()) : value.text();
    if (!part) return out;
    out.version = part->version;
    for (const Part::Param& param : part->params) {
      if (!param.in_key) continue;
      const Value* given = value.find(param.name);
      Node node = parameter(param, given ? *given : param.fallback);
      if (!given) node.fallback = true;
      if (param.added && differences(parameter(param, param.fallback), node, 1).empty()) continue;
      out.inside.emplace_back(param.name, std::move(node));
    }
    return out;
  }

  bool draws(const std::string& kind, const Value& value) const {
    const Part* part = find_part(parts_, kind, value.component_name());
    if (!part) return false;
    return part->draws ||
           std::any_of(part->params.begin(), part->params.end(), [&](const auto& param) {
             if (param.is != Part::Is::kComponent) return false;
             const Value* given = value.find(param.name);
             const auto items = items_of(param, given ? *given : param.fallback);
             return std::any_of(items.begin(), items.end(),
                                [&](const Value& item) { return draws(param.kind, item); });
           });
  }

  // Names of the stages that a stage takes, in the order of its parameters.
  std::vector<std::string> inputs(const Value& stage) const {
    std::vector<std::string> out;
    const Part* part = find_part(parts_, "stage", stage.component_name());
    for (const Part::Param& param : part ? part->params : std::vector<Part::Param>()) {
      if (param.is != Part::Is::kInput) continue;
      const Value* given = stage.find(param.name);
      for (const Value& item : items_of(param, given ? *given : param.fallback))
        if (item.is_string()) out.push_back(item.string());
    }
    return out;
  }

 private:
  static std::vector<Value> items_of(const Part::Param& param, const Value& value) {
    if (value.is_array()) return value.array();
    if (param.list || is_absent(value)) return {};
    return {value};
  }

  Node parameter(const Part::Param& param, const Value& value) const {
    Node out;
    out.where = value.where;
    if (value.none() || (param.optional && is_absent(value))) {
      out.text = "none";
    } else if (param.is != Part::Is::kComponent) {
      out.text = value_text(param, value);
    } else if (!param.list) {
      return component(param.kind, value);
    } else {
      for (const Value& item : items_of(param, value)) {
        out.text += (out.text.empty() ? "" : ", ") + toml_string(item.component_name());
        out.inside.emplace_back("[" + std::to_string(out.inside.size()) + "]",
                                component(param.kind, item));
      }
      out.text = "[" + out.text + "]";
    }
    return out;
  }

  const Catalogue& parts_;
};

// The stages that a cell needs, in the order in which the cell's key takes them: those that no
// other stage takes as written, and whatever those take.
class Needed {
 public:
  Needed(const std::vector<StageConfig>& stages, const Reader& reader)
      : stages_(stages),
        reader_(reader) {
    std::set<std::string> taken;
    for (const StageConfig& stage : stages)
      for (const std::string& input : reader.inputs(stage.written)) taken.insert(input);
    for (const StageConfig& stage : stages)
      if (!taken.contains(stage.name)) visit(stage);
  }
  std::vector<const StageConfig*> order;

 private:
  void visit(const StageConfig& stage) {
    if (!seen_.insert(stage.name).second) return;
    for (const std::string& input : reader_.inputs(stage.chosen))
      for (const StageConfig& other : stages_)
        if (other.name == input) visit(other);
    order.push_back(&stage);
  }

  const std::vector<StageConfig>& stages_;
  const Reader& reader_;
  std::set<std::string> seen_;
};

constexpr const char* kOrder = "order of the stages";

}  // namespace

const Node* Node::find(const std::string& name) const {
  for (const auto& [known, node] : inside)
    if (known == name) return &node;
  return nullptr;
}

void set_inside(Value& value, const std::string& kind, const std::string& path, const Value& given,
                const Catalogue& parts) {
  if (!value.is_table()) {
    Value table{Value::Table{}};
    if (value.is_string()) table.set("use", value);
    table.where = value.where;
    value = std::move(table);
  }
  const std::size_t dot = path.find('.');
  const std::string name = path.substr(0, dot);
  if (dot == std::string::npos) {
    value.set(name, given);
    return;
  }
  const Part::Param* param = nullptr;
  if (const Part* part = find_part(parts, kind, value.component_name()))
    for (const Part::Param& one : part->params)
      if (one.name == name) param = &one;
  Value* inner = value.find(name);
  if (!inner) inner = &value.set(name, param && !param->list ? param->fallback : Value());
  set_inside(*inner, param ? param->kind : "", path.substr(dot + 1), given, parts);
}

Node account(const std::vector<StageConfig>& stages, std::uint64_t seed, const Position& seed_where,
             const Catalogue& parts) {
  const Reader reader(parts);
  Node out;
  std::string order;
  bool draws = false;
  for (const StageConfig* stage : Needed(stages, reader).order) {
    out.inside.emplace_back(stage->name, reader.component("stage", stage->chosen));
    order += (order.empty() ? "" : ", ") + stage->name;
    draws = draws || reader.draws("stage", stage->chosen);
  }
  if (draws) {
    Node node;
    node.text = std::to_string(seed);
    node.where = seed_where;
    out.inside.emplace_back("study.seed", std::move(node));
  }
  Node node;
  node.text = order;
  out.inside.emplace_back(kOrder, std::move(node));
  return out;
}

Node account_of_axes(const Value& axes) {
  Node out;
  for (const Value::Entry& entry : axes.table()) {
    Node node;
    node.text = entry.value.is_number() ? number_text(entry.value.number()) : entry.value.text();
    node.where = entry.value.where;
    out.inside.emplace_back(entry.key, std::move(node));
  }
  return out;
}

namespace {

class Comparison {
 public:
  explicit Comparison(std::size_t limit) : limit_(limit) {}

  void compare(const Node& before, const Node& after, const std::string& path) {
    if (out.size() >= limit_) return;
    if (before.text != after.text) {
      add(Difference::Kind::kValue, path, before, after);
      return;
    }
    if (before.version != after.version) {
      add(Difference::Kind::kVersion, path, before, after);
      out.back().before = std::to_string(before.version);
      out.back().after = std::to_string(after.version);
      out.back().component = after.text.substr(1, after.text.size() - 2);
    }
    inside(before, after, path);
  }

  std::vector<Difference> out;

 private:
  void add(Difference::Kind kind, const std::string& path, const Node& before, const Node& after) {
    if (out.size() < limit_)
      out.push_back({kind, path, before.text, after.text, "", after.where, after.fallback});
  }

  void inside(const Node& before, const Node& after, const std::string& path) {
    const bool root = path.empty();
    const std::size_t known = out.size();
    bool same_names = true;
    for (const auto& [name, node] : before.inside) {
      if (root && name == kOrder) continue;
      const Node* other = after.find(name);
      if (other) {
        compare(node, *other, joined(path, name));
      } else {
        same_names = false;
        add(Difference::Kind::kOnlyBefore, joined(path, name), node, Node());
      }
    }
    for (const auto& [name, node] : after.inside) {
      if (before.find(name)) continue;
      same_names = false;
      add(Difference::Kind::kOnlyAfter, joined(path, name), Node(), node);
    }
    // Other stages, or others taken, come in another order by themselves.
    if (!root || !same_names || out.size() != known) return;
    const Node *first = before.find(kOrder), *second = after.find(kOrder);
    if (first && second) compare(*first, *second, kOrder);
  }

  static std::string joined(const std::string& path, const std::string& name) {
    return path.empty() || name[0] == '[' ? path + name : path + "." + name;
  }

  std::size_t limit_;
};

}  // namespace

std::vector<Difference> differences(const Node& before, const Node& after, std::size_t limit) {
  Comparison comparison(limit);
  comparison.compare(before, after, "");
  return std::move(comparison.out);
}

std::string text(const Difference& difference) {
  std::string out = difference.path + ": ";
  switch (difference.kind) {
    case Difference::Kind::kVersion:
      return out + difference.component + " version " + difference.before + " → " +
             difference.after;
    case Difference::Kind::kValue:
      out += difference.before + " → " + difference.after;
      break;
    case Difference::Kind::kOnlyBefore:
      return out + difference.before + " → absent";
    case Difference::Kind::kOnlyAfter:
      out += "absent → " + difference.after;
      break;
  }
  const Position& where = difference.where;
  if (difference.fallback) return out + " (default)";
  if (!where.known()) return out;
  if (where.source->name == "--set") {
    // Inside a list the source is the value alone.
    const std::string& option = where.source->text;
    return out + " (--set" + (option.starts_with('"') ? "" : " " + option) + ")";
  }
  return out + " (" + where.source->name + ":" + std::to_string(where.line) + ")";
}

}  // namespace assay::explain
