#include "runner/registry/value.h"

#include <charconv>

namespace assay {

double Value::number() const {
  return is_integer() ? static_cast<double>(integer()) : std::get<double>(data_);
}

const Value::Entry* Value::entry(std::string_view key) const {
  if (!is_table()) return nullptr;
  for (const Entry& entry : table())
    if (entry.key == key) return &entry;
  return nullptr;
}

const Value* Value::find(std::string_view key) const {
  const Entry* found = entry(key);
  return found ? &found->value : nullptr;
}

Value* Value::find(std::string_view key) {
  return const_cast<Value*>(static_cast<const Value*>(this)->find(key));
}

Value& Value::set(std::string_view key, Value value, Position key_position) {
  if (!is_table()) data_ = Table{};
  for (Entry& entry : table()) {
    if (entry.key != key) continue;
    entry.value = std::move(value);
    if (key_position.known()) entry.where = key_position;
    return entry.value;
  }
  table().push_back({std::string(key), key_position, std::move(value)});
  return table().back().value;
}

std::string_view Value::component_name() const {
  if (is_string()) return string();
  const Value* use = find("use");
  return use && use->is_string() ? std::string_view(use->string()) : std::string_view();
}

const Value* Value::at_path(std::string_view dotted) const {
  const Value* at = this;
  while (!dotted.empty() && at) {
    const std::size_t dot = dotted.find('.');
    at = at->find(dotted.substr(0, dot));
    dotted = dot == std::string_view::npos ? "" : dotted.substr(dot + 1);
  }
  return at;
}

void Value::set_note(const std::string* note) {
  where.note = note;
  if (is_array()) {
    for (Value& item : array()) item.set_note(note);
  } else if (is_table()) {
    for (Entry& entry : table()) {
      entry.where.note = note;
      entry.value.set_note(note);
    }
  }
}

std::string Value::text() const {
  switch (type()) {
    case Type::kNone:
      return "none";
    case Type::kBoolean:
      return boolean() ? "true" : "false";
    case Type::kInteger:
      return std::to_string(integer());
    case Type::kNumber:
      return number_text(number());
    case Type::kString:
      return toml_string(string());
    case Type::kArray: {
      std::string out = "[";
      for (const Value& item : array()) out += (out.size() > 1 ? ", " : "") + item.text();
      return out + "]";
    }
    case Type::kTable:
      break;
  }
  if (table().empty()) return "{}";
  std::string out = "{ ";
  for (const Entry& entry : table())
    out += (out.size() > 2 ? ", " : "") + toml_key(entry.key) + " = " + entry.value.text();
  return out + " }";
}

std::string Value::type_name() const {
  static constexpr const char* kNames[] = {"nothing",  "a boolean", "an integer", "a number",
                                           "a string", "a list",    "a table"};
  return kNames[static_cast<int>(type())];
}

bool Value::operator==(const Value& other) const {
  if (type() != other.type()) return false;
  if (is_array()) return array() == other.array();
  if (!is_table()) return data_.index() == other.data_.index() && text() == other.text();
  if (table().size() != other.table().size()) return false;
  for (const Entry& entry : table()) {
    const Value* same = other.find(entry.key);
    if (!same || !(*same == entry.value)) return false;
  }
  return true;
}

std::string toml_string(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += std::string("\\") + c;
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7F)
      out += std::string("\\u00") + kHex[byte >> 4] + kHex[byte & 15];
    else
      out += c;
  }
  return out + "\"";
}

std::string toml_key(std::string_view key) {
  const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return bare ? std::string(key) : toml_string(key);
}

namespace {

template <class T>
std::string shortest(T value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string number_text(double value) {
  return shortest(value);
}

namespace detail {
std::string float_text(float value);
std::string float_text(float value) {
  return shortest(value);
}
}  // namespace detail

}  // namespace assay
