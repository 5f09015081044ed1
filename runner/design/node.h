#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runner/design/expression.h"

namespace assay::design {

enum class Operator {
  kLiteral,
  kName,
  kOr,
  kAnd,
  kNot,
  kIn,
  kEqual,
  kUnequal,
  kLess,
  kAtMost,
  kGreater,
  kAtLeast,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide
};

struct Expression::Node {
  Operator op = Operator::kLiteral;
  std::size_t at = 0;  // in the text
  unsigned types = 0;  // that it may give; 0: not known
  std::size_t name = 0;
  Value literal;
  std::vector<Node> children;
};

// A mistake, at an offset in the text.
struct Mistake {
  std::size_t at;
  std::string text;
};

// Throws Mistake.
Expression::Node parse_expression(std::string_view text,
                                  const std::vector<Expression::Name>& names);

}  // namespace assay::design
