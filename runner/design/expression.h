#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runner/registry/diagnostics.h"
#include "runner/registry/value.h"

namespace assay::design {

// Sets of these say what an axis may hold.
enum ValueType : unsigned { kTruth = 1, kNumbers = 2, kText = 4, kOther = 8 };

// The type of a value in expressions; a component is text, its name. 0 for none.
unsigned value_types(const Value& value);

// Equal numbers, or components of one name, or equal values.
bool matches(const Value& a, const Value& b);

// A condition over the values of axes, as in  pruner == "wanda" and sparsity >= 0.9.
//   or, and, not · == != < <= > >= in [a, b] · + - * / · numbers, strings, true, false, axis names
// A component compares by its name. A comparison with an axis that does not apply is false.
class Expression {
 public:
  struct Name {
    std::string path;
    unsigned types = 0;  // of all its values; 0: not known
  };

  // Names stand for axes: the dotted path, or its last part where that is unique. Mistakes, of
  // types too, are reported at their column inside the string. Null where there are any.
  static std::shared_ptr<const Expression> parse(const Value& text, const std::vector<Name>& names,
                                                 Diagnostics& out);
  using Lookup = std::function<const Value*(std::size_t name)>;  // null: the axis does not apply
  bool holds(const Lookup& lookup) const;

  struct Node;

 private:
  std::shared_ptr<const Node> root_;
};

// Where byte `offset` of a string stands in the source that the string was written in, behind
// quotes and escapes.
Position inside_string(const Value& text, std::size_t offset);

}  // namespace assay::design
