// Printing a resolved study: as TOML that reads back to the same study.
#include "runner/config/study.h"

namespace assay::config {

namespace {

std::string origin_of(const Position& where) {
  if (!where.source) return "default";
  if (where.source->name == "--set") return "--set " + where.source->text;
  return where.source->name + ":" + std::to_string(where.line);
}

bool wants_header(const Value& value, int depth) {
  return value.is_table() && depth < 2;
}

bool is_list_of_tables(const Value& value) {
  return value.is_array() && !value.array().empty() && value.array()[0].is_table();
}

void write(const Value& table, const std::string& path, int depth, bool origin, std::string& out) {
  std::string lines;
  for (const Value::Entry& entry : table.table()) {
    if (wants_header(entry.value, depth)) continue;
    if (depth == 0 && is_list_of_tables(entry.value)) continue;
    std::string line = toml_key(entry.key) + " = " + entry.value.text();
    if (origin) {
      line.resize(std::max<std::size_t>(line.size() + 1, 60), ' ');
      line += "# " + origin_of(entry.value.where);
    }
    lines += line + "\n";
  }
  if (!lines.empty())
    out += (out.empty() ? "" : "\n") + (path.empty() ? "" : "[" + path + "]\n") + lines;
  for (const Value::Entry& entry : table.table()) {
    const std::string inner = (path.empty() ? "" : path + ".") + toml_key(entry.key);
    if (wants_header(entry.value, depth)) {
      write(entry.value, inner, entry.key == "sweep" ? 2 : depth + 1, origin, out);
    } else if (depth == 0 && is_list_of_tables(entry.value)) {
      for (const Value& item : entry.value.array()) {
        std::string body;
        write(item, "", 2, origin, body);
        out += "\n[[" + inner + "]]\n" + body;
      }
    }
  }
}

}  // namespace

std::string show(const Value& root, bool origin) {
  std::string out;
  write(root, "", 0, origin, out);
  return out;
}

}  // namespace assay::config
