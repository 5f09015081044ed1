#pragma once

#include <string>
#include <vector>

#include "runner/registry/diagnostics.h"
#include "runner/registry/value.h"

namespace assay::config {

struct Study;

// { "stage.parameter" = value, … } against the axes of a study's design.
struct Conditions {
  struct One {
    std::size_t axis = 0;
    std::vector<char> allowed;  // of the axis's values
  };
  std::vector<One> all;
  std::string name;  // the labels of the values: "diep, 0.5"
  Position where;

  // Of a variant, as design::Design::decode gives it.
  bool hold(const std::vector<int>& choice) const;
};

// `a.b = 1` is a table in a table: its entries, with whole paths as keys. A component's table (it
// has a `use`) is a value.
std::vector<Value::Entry> flat(const Value& table);

// Reads conditions and reports every axis and value that there is not. `owner`: whose conditions
// they are, as messages call it: "a claim".
class ConditionReader {
 public:
  ConditionReader(const Study& study, Diagnostics& out, std::string owner)
      : study_(study),
        out_(out),
        owner_(std::move(owner)) {}

  void read(const Value& table, Conditions& out);
  // False where no axis has this name or path, which is reported.
  bool find_axis(const std::string& name, const Position& where, std::size_t& axis,
                 std::size_t& path);
  // A mistake; but where a profile or an option has narrowed the study, only a reason to leave out
  // what the conditions belong to.
  void not_there(const Position& where, const std::string& text);
  bool left_out() const { return left_out_; }

 private:
  void condition(const Value::Entry& entry, Conditions& out);

  const Study& study_;
  Diagnostics& out_;
  std::string owner_;
  bool left_out_ = false;
};

}  // namespace assay::config
