#include "runner/config/parse.h"

// Header-only, without exceptions: Debian's library has the throwing variant alone.
#undef TOML_HEADER_ONLY
#undef TOML_SHARED_LIB
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace assay::config {

const Source* keep_source(std::string name, std::string text) {
  static std::mutex mutex;
  static std::deque<Source> sources;
  const std::scoped_lock lock(mutex);
  return &sources.emplace_back(Source{std::move(name), std::move(text)});
}

namespace {

Position at(const Source* source, const toml::source_position& begin) {
  return {source, static_cast<int>(begin.line), static_cast<int>(begin.column), nullptr};
}

Value convert(const Source* source, const toml::node& node, Diagnostics& out) {
  Value value;
  if (const auto* table = node.as_table()) {
    Value::Table entries;
    for (const auto& [key, child] : *table)
      entries.push_back(
          {std::string(key.str()), at(source, key.source().begin), convert(source, child, out)});
    // toml++ sorts by key; the order of the file is what users wrote.
    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
      return std::pair(a.where.line, a.where.column) < std::pair(b.where.line, b.where.column);
    });
    value = Value(std::move(entries));
  } else if (const auto* array = node.as_array()) {
    Value::Array items;
    for (const auto& child : *array) items.push_back(convert(source, child, out));
    value = Value(std::move(items));
  } else if (const auto* text = node.as_string()) {
    value = Value(text->get());
  } else if (const auto* integer = node.as_integer()) {
    value = Value(integer->get());
  } else if (const auto* number = node.as_floating_point()) {
    value = Value(number->get());
  } else if (const auto* boolean = node.as_boolean()) {
    value = Value(boolean->get());
  } else {
    out.error(at(source, node.source().begin), "dates and times are not used in studies");
  }
  value.where = at(source, node.source().begin);
  return value;
}

}  // namespace

Value parse_text(const Source* source, Diagnostics& out) {
  const toml::parse_result result = toml::parse(std::string_view(source->text));
  if (!result) {
    const auto& error = result.error();
    out.error(at(source, error.source().begin),
              "syntax error: " + std::string(error.description()));
    return Value(Value::Table{});
  }
  return convert(source, result.table(), out);
}

Value parse_text(const std::string& name, const std::string& text) {
  Diagnostics diagnostics;
  Value value = parse_text(keep_source(name, text), diagnostics);
  if (!diagnostics.ok()) throw StudyError(diagnostics.render());
  return value;
}

Value parse_value(std::string_view text) {
  return *parse_text("value", "value = " + std::string(text)).find("value");
}

Value parse_file(const std::string& path, const Position& blame, Diagnostics& out) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) {
    out.error(blame, "cannot read " + path + ": it is a folder");
    return Value(Value::Table{});
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    out.error(blame, "cannot read " + path + ": " + std::generic_category().message(errno));
    return Value(Value::Table{});
  }
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return parse_text(keep_source(path, std::move(text)), out);
}

}  // namespace assay::config
