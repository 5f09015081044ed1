// Variants listed by name.
#include "runner/design/axes.h"
#include "runner/design/reader.h"

namespace assay::design {

namespace {

std::string name_of(const Value& row, const std::vector<std::string>& known, Diagnostics& out) {
  const Value* name = row.find("name");
  std::string text = name && name->is_string() ? name->string() : "";
  const Position& where = name ? name->where : row.where;
  if (text.empty())
    out.error(where, "a variant needs name = \"…\"");
  else if (std::find(known.begin(), known.end(), text) != known.end())
    out.error(where, "two variants have the name " + toml_string(text));
  return text;
}

}  // namespace

Axis read_variants(const std::vector<const Value*>& rows, Diagnostics& out) {
  Axis axis;
  axis.name = "variant";
  std::map<std::string, std::size_t> place;
  std::vector<std::vector<Value::Entry>> entries;
  for (const Value* row : rows) {
    axis.labels.push_back(name_of(*row, axis.labels, out));
    entries.push_back(axes_in(*row, "sweep.variants", {"name"}, out));
    for (const Value::Entry& entry : entries.back()) {
      if (!place.emplace(entry.key, axis.paths.size()).second) continue;
      axis.paths.push_back(entry.key);
      axis.where.push_back(entry.where);
    }
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto& values = axis.values.emplace_back(axis.paths.size());
    const std::string* note = keep_note("variant \"" + axis.labels[i] + "\"");
    for (const Value::Entry& entry : entries[i]) {
      values[place[entry.key]] = entry.value;
      values[place[entry.key]].set_note(note);
    }
  }
  return axis;
}

}  // namespace assay::design
