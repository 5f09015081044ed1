#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace assay {

// A study file, or an option of the command line, whose text is kept so that errors can show it.
struct Source {
  std::string name;
  std::string text;
};

// Where a key or value was written. Lines and columns count from 1; line 0 means "nowhere".
// `note`, where set, says how the value came to be there: `axis "a.b", value 3`.
struct Position {
  const Source* source = nullptr;
  int line = 0;
  int column = 0;
  const std::string* note = nullptr;

  bool known() const { return source != nullptr && line > 0; }
};

// A configuration value that remembers where it was written. Tables keep the order of the file.
class Value {
 public:
  struct Entry;
  using Array = std::vector<Value>;
  using Table = std::vector<Entry>;
  enum class Type { kNone, kBoolean, kInteger, kNumber, kString, kArray, kTable };

  // Defined below Entry: they need to know how to destroy a table.
  Value();
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();
  Value(bool value);          // NOLINT: a value reads as itself
  Value(int value);           // NOLINT
  Value(std::int64_t value);  // NOLINT
  Value(double value);        // NOLINT
  Value(std::string value);   // NOLINT
  Value(const char* value);   // NOLINT
  Value(Array value);         // NOLINT
  Value(Table value);         // NOLINT

  Type type() const { return static_cast<Type>(data_.index()); }
  bool none() const { return type() == Type::kNone; }
  bool is_boolean() const { return type() == Type::kBoolean; }
  bool is_integer() const { return type() == Type::kInteger; }
  bool is_number() const { return is_integer() || type() == Type::kNumber; }
  bool is_string() const { return type() == Type::kString; }
  bool is_array() const { return type() == Type::kArray; }
  bool is_table() const { return type() == Type::kTable; }

  // Each of these requires the type to match; is_number() suffices for number().
  bool boolean() const { return std::get<bool>(data_); }
  std::int64_t integer() const { return std::get<std::int64_t>(data_); }
  double number() const;
  const std::string& string() const { return std::get<std::string>(data_); }
  const Array& array() const { return std::get<Array>(data_); }
  Array& array() { return std::get<Array>(data_); }
  const Table& table() const { return std::get<Table>(data_); }
  Table& table() { return std::get<Table>(data_); }

  // The entry of a table by its key; null where absent or where this is no table.
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  const Entry* entry(std::string_view key) const;
  // Sets or adds an entry; a value that is no table becomes one.
  Value& set(std::string_view key, Value value, Position key_position = {});

  // The name of a component written as "name" or { use = "name", … }; empty for anything else.
  std::string_view component_name() const;
  const Value* at_path(std::string_view dotted) const;

  // Stamps `note` on this value and everything inside it.
  void set_note(const std::string* note);

  // One-line TOML: shortest numbers that read back to the same bits, keys quoted where needed.
  std::string text() const;
  std::string type_name() const;
  // Equal content; positions do not count.
  bool operator==(const Value& other) const;

  Position where;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Table> data_;
};

struct Value::Entry {
  std::string key;
  Position where;  // of the key
  Value value;
};

inline Value::Value() = default;
inline Value::Value(const Value&) = default;
inline Value::Value(Value&&) noexcept = default;
inline Value& Value::operator=(const Value&) = default;
inline Value& Value::operator=(Value&&) noexcept = default;
inline Value::~Value() = default;
inline Value::Value(bool value) : data_(value) {}
inline Value::Value(int value) : data_(static_cast<std::int64_t>(value)) {}
inline Value::Value(std::int64_t value) : data_(value) {}
inline Value::Value(double value) : data_(value) {}
inline Value::Value(std::string value) : data_(std::move(value)) {}
inline Value::Value(const char* value) : data_(std::string(value)) {}
inline Value::Value(Array value) : data_(std::move(value)) {}
inline Value::Value(Table value) : data_(std::move(value)) {}

// `text` as a TOML basic string, quotes included.
std::string toml_string(std::string_view text);
// `key` as it is written in TOML: bare where that is allowed, else quoted.
std::string toml_key(std::string_view key);
// The shortest decimal that reads back to the same double; always with a point or exponent.
std::string number_text(double value);

}  // namespace assay
