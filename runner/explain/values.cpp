#include "runner/explain/values.h"

namespace assay::explain {

namespace {

std::string shortened(std::string text) {
  constexpr std::size_t kMost = 100;
  if (text.size() > kMost) text = text.substr(0, kMost - 3) + "...";
  return text;
}

std::string place_text(const Position& where) {
  return where.known() ? " (" + where.source->name + ":" + std::to_string(where.line) + ")" : "";
}

void compare_values(const Value& a, const Value& b, const std::string& path,
                    std::vector<std::string>& out) {
  if (a == b) return;
  if (a.is_table() && b.is_table()) {
    const std::string prefix = path.empty() ? "" : path + ".";
    for (const Value::Entry& entry : a.table()) {
      const Value* other = b.find(entry.key);
      if (other)
        compare_values(entry.value, *other, prefix + toml_key(entry.key), out);
      else
        out.push_back(prefix + toml_key(entry.key) + ": " + shortened(entry.value.text()) +
                      place_text(entry.value.where) + " | absent");
    }
    for (const Value::Entry& entry : b.table())
      if (!a.find(entry.key))
        out.push_back(prefix + toml_key(entry.key) + ": absent | " + shortened(entry.value.text()) +
                      place_text(entry.value.where));
    return;
  }
  out.push_back(path + ": " + shortened(a.text()) + place_text(a.where) + " | " +
                shortened(b.text()) + place_text(b.where));
}

}  // namespace

std::vector<std::string> value_differences(const Value& a, const Value& b) {
  std::vector<std::string> out;
  compare_values(a, b, "", out);
  return out;
}

}  // namespace assay::explain
