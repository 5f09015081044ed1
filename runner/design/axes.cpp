#include "runner/design/axes.h"

#include <deque>
#include <unordered_set>

namespace assay::design {

const std::vector<std::string>& reserved_keys() {
  static const std::vector<std::string> kKeys = {"linked",   "union",  "when",
                                                 "variants", "sample", "exclude"};
  return kKeys;
}

namespace {

bool contains(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool plain(const Value& value) {
  return !value.is_array() && !value.is_table();
}

// A component, or a range of a sample: a value of its own and no table of further paths.
bool is_leaf(const Value& table) {
  if (table.find("use")) return true;
  return std::any_of(table.table().begin(), table.table().end(), [](const auto& entry) {
    return (entry.key == "low" || entry.key == "high" || entry.key == "scale") &&
           plain(entry.value);
  });
}

void flatten(const Value& table, const std::string& prefix, std::vector<Value::Entry>& out) {
  for (const Value::Entry& entry : table.table()) {
    if (entry.value.is_table() && !entry.value.table().empty() && !is_leaf(entry.value))
      flatten(entry.value, prefix + entry.key + ".", out);
    else
      out.push_back({prefix + entry.key, entry.where, entry.value});
  }
}

// [sweep.sampel] holds method = "…", which no table of axes does.
bool misspelt_form(const Value::Entry& entry) {
  if (!entry.value.is_table() || nearest(entry.key, reserved_keys()).empty()) return false;
  const auto& inside = entry.value.table();
  return std::any_of(inside.begin(), inside.end(), [](const auto& e) { return plain(e.value); });
}

}  // namespace

std::vector<Value::Entry> axes_in(const Value& table, const std::string& name,
                                  const std::vector<std::string>& own, Diagnostics& out) {
  std::vector<Value::Entry> axes;
  for (const Value::Entry& entry : table.table()) {
    if (contains(own, entry.key)) continue;
    const bool dotted = entry.key.find('.') != std::string::npos;
    const bool nested = entry.value.is_table() && !is_leaf(entry.value);
    if ((!dotted && !nested) || (name == "sweep" && misspelt_form(entry))) {
      out.error(entry.where, "unknown key " + name + "." + entry.key + suggestion(entry.key, own) +
                                 "; an axis is \"stage.parameter\" = [values]");
      continue;
    }
    Value one(Value::Table{entry});
    flatten(one, "", axes);
  }
  return axes;
}

bool list_of_values(const Value::Entry& entry, Diagnostics& out) {
  if (!entry.value.is_array()) {
    const bool range = entry.value.is_table() && entry.value.find("low");
    out.error(entry.value.where, "axis \"" + entry.key + "\" is " + entry.value.type_name() +
                                     "; expected a list of values" +
                                     (range ? " (ranges belong in [sweep.sample])" : ""));
    return false;
  }
  if (entry.value.array().empty())
    out.error(entry.value.where, "axis \"" + entry.key + "\" is empty; give it at least one value");
  return !entry.value.array().empty();
}

std::string setting(const Value& value) {
  if (value.is_number()) {
    constexpr double kExact = 0x1p53;  // integers below this are doubles, too
    const double number = value.number();
    if (value.is_integer()) return std::to_string(value.integer());
    if (std::abs(number) < kExact && number == std::floor(number))
      return std::to_string(static_cast<std::int64_t>(number));
    return number_text(number);
  }
  if (value.is_array()) {
    std::string out = "[";
    for (const Value& item : value.array()) out += setting(item) + ",";
    return out + "]";
  }
  if (!value.is_table()) return value.text();
  if (value.table().size() == 1 && !value.component_name().empty())
    return toml_string(value.component_name());
  std::map<std::string, std::string> sorted;
  for (const auto& entry : value.table()) sorted[toml_key(entry.key)] = setting(entry.value);
  std::string out = "{";
  for (const auto& [key, text] : sorted) out += key + "=" + text + ",";
  return out + "}";
}

std::string joined(const std::vector<std::string>& paths) {
  std::string out;
  for (const auto& path : paths) out += (out.empty() ? "" : " + ") + path;
  return out;
}

namespace {

std::string short_label(const Value& value) {
  if (value.is_string()) return value.string();
  if (value.is_table() && !value.component_name().empty())
    return std::string(value.component_name());
  return value.none() ? "–" : value.text();
}

std::string long_label(const Value& value) {
  if (!value.is_table() || value.component_name().empty()) return short_label(value);
  std::string out;
  for (const auto& entry : value.table())
    if (entry.key != "use")
      out += (out.empty() ? " " : ", ") + entry.key + "=" + long_label(entry.value);
  return std::string(value.component_name()) + out;
}

std::string full_label(const Value& value) {
  return value.text();
}

}  // namespace

// Tables bring together what has one label, so no two values may share theirs.
void label(Axis& axis) {
  for (const auto name_of : {short_label, long_label, full_label}) {
    std::unordered_set<std::string> seen;
    axis.labels.clear();
    for (const auto& values : axis.values) {
      std::string& text = axis.labels.emplace_back();
      for (std::size_t i = 0; i < values.size(); ++i) text += (i ? ", " : "") + name_of(values[i]);
      seen.insert(text);
    }
    if (seen.size() == axis.values.size()) return;
  }
}

const std::string* keep_note(std::string text) {
  static std::mutex mutex;
  static std::deque<std::string> kept;
  const std::scoped_lock lock(mutex);
  return &kept.emplace_back(std::move(text));
}

const std::string* axis_note(const std::string& path, std::size_t index, std::size_t count) {
  return keep_note("axis \"" + path + "\", value " + std::to_string(index + 1) + " of " +
                   std::to_string(count));
}

}  // namespace assay::design
