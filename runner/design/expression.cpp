// Evaluation looks at values in place: an exclusion is asked once for every variant of a sweep.
#include "runner/design/expression.h"

#include "runner/design/node.h"

namespace assay::design {

unsigned value_types(const Value& value) {
  if (value.none()) return 0;
  if (value.is_boolean()) return kTruth;
  if (value.is_number()) return kNumbers;
  if (value.is_string() || !value.component_name().empty()) return kText;
  return kOther;
}

namespace {

using Node = Expression::Node;

// A value without its storage; type 0 where an axis does not apply or the types do not suit.
struct Operand {
  unsigned type = 0;
  bool truth = false;
  double number = 0.0;
  std::string_view text;
  const Value* other = nullptr;

  static Operand of(bool truth) { return {kTruth, truth, 0.0, {}, nullptr}; }
  static Operand of(double number) { return {kNumbers, false, number, {}, nullptr}; }
  static Operand of(const Value& value) {
    switch (value_types(value)) {
      case kTruth:
        return of(value.boolean());
      case kNumbers:
        return of(value.number());
      case kText:
        return {kText, false, 0.0,
                value.is_string() ? std::string_view(value.string()) : value.component_name(),
                nullptr};
      case kOther:
        return {kOther, false, 0.0, {}, &value};
      default:
        return {};
    }
  }
};

bool equal(const Operand& a, const Operand& b) {
  if (a.type != b.type) return false;
  switch (a.type) {
    case kTruth:
      return a.truth == b.truth;
    case kNumbers:
      return a.number == b.number;
    case kText:
      return a.text == b.text;
    case kOther:
      return *a.other == *b.other;
    default:
      return false;
  }
}

Operand ordered(Operator op, double x, double y) {
  switch (op) {
    case Operator::kLess:
      return Operand::of(x < y);
    case Operator::kAtMost:
      return Operand::of(x <= y);
    case Operator::kGreater:
      return Operand::of(x > y);
    case Operator::kAtLeast:
      return Operand::of(x >= y);
    case Operator::kAdd:
      return Operand::of(x + y);
    case Operator::kSubtract:
      return Operand::of(x - y);
    case Operator::kMultiply:
      return Operand::of(x * y);
    default:
      return Operand::of(x / y);
  }
}

Operand evaluate(const Node& node, const Expression::Lookup& lookup);

bool truth(const Node& node, const Expression::Lookup& lookup) {
  const Operand value = evaluate(node, lookup);
  return value.type == kTruth && value.truth;
}

bool any_child(const Node& node, const Expression::Lookup& lookup, bool wanted) {
  return std::any_of(node.children.begin(), node.children.end(),
                     [&](const Node& child) { return truth(child, lookup) == wanted; });
}

bool is_among(const Node& node, const Expression::Lookup& lookup) {
  const Operand left = evaluate(node.children[0], lookup);
  return std::any_of(node.children.begin() + 1, node.children.end(),
                     [&](const Node& child) { return equal(left, evaluate(child, lookup)); });
}

Operand evaluate(const Node& node, const Expression::Lookup& lookup) {
  switch (node.op) {
    case Operator::kLiteral:
      return Operand::of(node.literal);
    case Operator::kName: {
      const Value* value = lookup(node.name);
      return value ? Operand::of(*value) : Operand();
    }
    case Operator::kOr:
      return Operand::of(any_child(node, lookup, true));
    case Operator::kAnd:
      return Operand::of(!any_child(node, lookup, false));
    case Operator::kNot:
      return Operand::of(!truth(node.children[0], lookup));
    case Operator::kIn:
      return Operand::of(is_among(node, lookup));
    default:
      break;
  }
  const Operand a = evaluate(node.children[0], lookup), b = evaluate(node.children[1], lookup);
  if (node.op == Operator::kEqual || node.op == Operator::kUnequal)
    return Operand::of(a.type && b.type && equal(a, b) == (node.op == Operator::kEqual));
  if (a.type != kNumbers || b.type != kNumbers) return {};
  return ordered(node.op, a.number, b.number);
}

}  // namespace

bool matches(const Value& a, const Value& b) {
  return equal(Operand::of(a), Operand::of(b));
}

std::shared_ptr<const Expression> Expression::parse(const Value& text,
                                                    const std::vector<Name>& names,
                                                    Diagnostics& out) {
  try {
    auto expression = std::make_shared<Expression>();
    expression->root_ = std::make_shared<const Node>(parse_expression(text.string(), names));
    return expression;
  } catch (const Mistake& mistake) {
    out.error(inside_string(text, mistake.at), mistake.text);
    return nullptr;
  }
}

bool Expression::holds(const Lookup& lookup) const {
  return truth(*root_, lookup);
}

}  // namespace assay::design
