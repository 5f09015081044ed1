#include "runner/config/conditions.h"

#include "runner/config/study.h"
#include "runner/design/axes.h"
#include "runner/design/expression.h"

namespace assay::config {

namespace {

// A component by its name stands for all values with that name, with parameters for the one that
// has them.
bool is_value(const Value& wanted, const Value& value) {
  if (design::setting(wanted) == design::setting(value)) return true;
  const bool bare = wanted.is_string() || (wanted.is_table() && wanted.table().size() == 1);
  return bare && !value.component_name().empty() &&
         wanted.component_name() == value.component_name();
}

std::string no_such_value(const Value& value, const std::string& key, const design::Axis& axis,
                          std::size_t path, bool by_label) {
  std::vector<std::string> allowed;
  for (std::size_t v = 0; v < axis.values.size(); ++v)
    allowed.push_back(by_label ? toml_string(axis.labels[v]) : axis.values[v][path].text());
  std::string text;
  for (const std::string& one : allowed) text += (text.empty() ? "" : ", ") + one;
  const std::string near = nearest(value.text(), allowed);
  return "axis \"" + key + "\" has no value " + value.text() +
         (near.empty() ? "" : "; did you mean " + near + "?") + "; it has: " + text;
}

}  // namespace

bool Conditions::hold(const std::vector<int>& choice) const {
  return std::all_of(all.begin(), all.end(), [&](const One& one) {
    const int value = choice[one.axis];
    return value >= 0 && one.allowed[static_cast<std::size_t>(value)];
  });
}

std::vector<Value::Entry> flat(const Value& table) {
  std::vector<Value::Entry> out;
  for (const Value::Entry& entry : table.table()) {
    if (!entry.value.is_table() || entry.value.find("use")) {
      out.push_back(entry);
      continue;
    }
    for (Value::Entry& inner : flat(entry.value)) {
      inner.key = entry.key + "." + inner.key;
      out.push_back(std::move(inner));
    }
  }
  return out;
}

void ConditionReader::read(const Value& table, Conditions& out) {
  if (!table.is_table()) {
    out_.error(table.where, owner_ + "'s conditions are " + table.type_name() +
                                "; expected { \"stage.parameter\" = value, … }");
    return;
  }
  for (const Value::Entry& entry : flat(table)) condition(entry, out);
}

void ConditionReader::not_there(const Position& where, const std::string& text) {
  left_out_ = left_out_ || study_.narrowed;
  if (!study_.narrowed) out_.error(where, text);
}

bool ConditionReader::find_axis(const std::string& name, const Position& where, std::size_t& axis,
                                std::size_t& path) {
  std::vector<std::string> names;
  const auto& axes = study_.design.axes();
  for (axis = 0; axis < axes.size(); ++axis) {
    names.push_back(axes[axis].name);
    path = 0;
    if (axes[axis].name == name) return true;
    for (; path < axes[axis].paths.size(); ++path) {
      if (axes[axis].paths[path] == name) return true;
      if (axes[axis].paths[path] != axes[axis].name) names.push_back(axes[axis].paths[path]);
    }
  }
  out_.error(where, owner_ + " names no axis: \"" + name + "\"" + allowed_names(name, names));
  return false;
}

void ConditionReader::condition(const Value::Entry& entry, Conditions& out) {
  std::size_t axis = 0, path = 0;
  if (!find_axis(entry.key, entry.where, axis, path)) return;
  const design::Axis& found = study_.design.axes()[axis];
  // By name, as variants and systems of an ablation are; else by value.
  const bool by_label = found.name == entry.key && found.paths != std::vector{found.name};
  const std::vector<Value> wanted =
      entry.value.is_array() ? entry.value.array() : std::vector<Value>{entry.value};
  Conditions::One one{axis, std::vector<char>(found.values.size(), 0)};
  for (const Value& value : wanted) {
    bool any = false;
    for (std::size_t v = 0; v < found.values.size(); ++v) {
      const bool same = by_label ? value.is_string() && value.string() == found.labels[v]
                                 : is_value(value, found.values[v][path]);
      any = any || same;
      if (!same) continue;
      one.allowed[v] = 1;
      out.name += (out.name.empty() ? "" : ", ") + found.labels[v];
    }
    if (!any) not_there(value.where, no_such_value(value, entry.key, found, path, by_label));
  }
  out.all.push_back(std::move(one));
}

}  // namespace assay::config
