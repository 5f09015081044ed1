#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runner/registry/diagnostics.h"
#include "runner/registry/value.h"

namespace assay::design {

// A condition over the values of axes, as in  pruner == "wanda" and sparsity >= 0.9.
//   or, and, not · == != < <= > >= in [a, b] · + - * / · numbers, strings, true, false, axis names
// A component compares by its name. A comparison with an axis that does not apply is false.
class Expression {
 public:
  // Names stand for axes: the dotted path, or its last part where that is unique. Mistakes are
  // reported at their column inside the string. Null where there are any.
  static std::shared_ptr<const Expression> parse(const Value& text,
                                                 const std::vector<std::string>& names,
                                                 Diagnostics& out);
  using Lookup = std::function<const Value*(std::size_t name)>;  // null: the axis does not apply
  bool holds(const Lookup& lookup) const;

  struct Node;

 private:
  std::shared_ptr<const Node> root_;
};

}  // namespace assay::design
