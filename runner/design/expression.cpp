#include "runner/design/expression.h"

#include <cctype>
#include <charconv>

namespace assay::design {

struct Expression::Node {
  enum class Kind { kLiteral, kName, kOr, kAnd, kNot, kCompare, kIn, kArithmetic };
  Kind kind = Kind::kLiteral;
  Value literal;
  std::size_t name = 0;
  std::string op;
  std::vector<Node> children;
};

namespace {

using Node = Expression::Node;

// A mistake, at an offset in the text.
struct Mistake {
  std::size_t at;
  std::string text;
};

class Parser {
 public:
  Parser(std::string_view text, const std::vector<std::string>& names)
      : text_(text),
        names_(names) {}

  Node parse() {
    Node node = disjunction();
    skip();
    if (at_ < text_.size())
      throw Mistake{at_, "unexpected " + toml_string(text_.substr(at_, 1)) + " in the expression"};
    return node;
  }

 private:
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  static bool word_char(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.';
  }
  bool symbol(std::string_view wanted) {
    skip();
    if (text_.substr(at_, wanted.size()) != wanted) return false;
    if (std::isalpha(static_cast<unsigned char>(wanted[0])) && at_ + wanted.size() < text_.size() &&
        word_char(text_[at_ + wanted.size()]))
      return false;
    at_ += wanted.size();
    return true;
  }
  static Node make(Node::Kind kind, std::string op, std::vector<Node> children) {
    Node node;
    node.kind = kind;
    node.op = std::move(op);
    node.children = std::move(children);
    return node;
  }

  Node disjunction() {
    Node left = conjunction();
    while (symbol("or")) left = make(Node::Kind::kOr, "or", {left, conjunction()});
    return left;
  }
  Node conjunction() {
    Node left = negation();
    while (symbol("and")) left = make(Node::Kind::kAnd, "and", {left, negation()});
    return left;
  }
  Node negation() {
    if (++depth_ > 200) throw Mistake{at_, "the expression is nested too deeply"};
    Node out = symbol("not") ? make(Node::Kind::kNot, "not", {negation()}) : comparison();
    --depth_;
    return out;
  }
  Node comparison() {
    Node left = sum();
    for (const char* op : {"==", "!=", "<=", ">=", "<", ">"})
      if (symbol(op)) return make(Node::Kind::kCompare, op, {left, sum()});
    if (!symbol("in")) return left;
    if (!symbol("[")) throw Mistake{at_, "expected a list after \"in\", as in x in [1, 2]"};
    Node out = make(Node::Kind::kIn, "in", {left});
    while (!symbol("]")) {
      out.children.push_back(sum());
      if (symbol("]")) break;
      if (!symbol(",")) throw Mistake{at_, "expected \",\" or \"]\" in the list"};
    }
    return out;
  }
  Node sum() {
    Node left = product();
    while (true) {
      if (symbol("+"))
        left = make(Node::Kind::kArithmetic, "+", {left, product()});
      else if (symbol("-"))
        left = make(Node::Kind::kArithmetic, "-", {left, product()});
      else
        return left;
    }
  }
  Node product() {
    Node left = atom();
    while (true) {
      if (symbol("*"))
        left = make(Node::Kind::kArithmetic, "*", {left, atom()});
      else if (symbol("/"))
        left = make(Node::Kind::kArithmetic, "/", {left, atom()});
      else
        return left;
    }
  }
  Node atom() {
    skip();
    if (at_ >= text_.size()) throw Mistake{at_, "the expression ends too early"};
    if (symbol("(")) {
      Node inner = disjunction();
      if (!symbol(")")) throw Mistake{at_, "expected \")\""};
      return inner;
    }
    const char c = text_[at_];
    if (c == '"' || c == '\'') return string(c);
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '-' ||
        (c == '.' && at_ + 1 < text_.size()))
      return number();
    if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') return word();
    throw Mistake{at_, "unexpected " + toml_string(text_.substr(at_, 1)) + " in the expression"};
  }
  Node literal(Value value) {
    Node node;
    node.literal = std::move(value);
    return node;
  }
  Node string(char quote) {
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) throw Mistake{at_, "the string has no end"};
    const std::string inside(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return literal(Value(inside));
  }
  Node number() {
    double value = 0.0;
    const auto [end, code] =
        std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (code != std::errc()) throw Mistake{at_, "expected a number"};
    at_ = static_cast<std::size_t>(end - text_.data());
    return literal(Value(value));
  }
  Node word() {
    const std::size_t start = at_;
    // A minus belongs to a name ("top-k.x") where letters stand on both sides.
    while (at_ < text_.size() &&
           (word_char(text_[at_]) || (text_[at_] == '-' && at_ + 1 < text_.size() &&
                                      std::isalpha(static_cast<unsigned char>(text_[at_ + 1])))))
      ++at_;
    const std::string name(text_.substr(start, at_ - start));
    if (name == "true" || name == "false") return literal(Value(name == "true"));
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == name) found.assign(1, i);
      if (names_[i] == name) break;
      const std::string& full = names_[i];
      if (full.size() > name.size() &&
          full.compare(full.size() - name.size() - 1, std::string::npos, "." + name) == 0)
        found.push_back(i);
    }
    if (found.size() > 1)
      throw Mistake{start, "\"" + name + "\" could be " + names_[found[0]] + " or " +
                               names_[found[1]] + "; write the whole path"};
    if (found.empty())
      throw Mistake{start, "unknown axis \"" + name + "\" in the expression" + suggest(name)};
    Node node;
    node.kind = Node::Kind::kName;
    node.name = found[0];
    return node;
  }
  std::string suggest(const std::string& name) const {
    std::vector<std::string> all = names_;
    for (const auto& full : names_) all.push_back(full.substr(full.rfind('.') + 1));
    return suggestion(name, all);
  }

  std::string_view text_;
  const std::vector<std::string>& names_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

// Undefined (none) where an axis does not apply or the types do not suit.
Value evaluate(const Node& node, const Expression::Lookup& lookup);

bool equal(const Value& a, const Value& b) {
  if (a.none() || b.none()) return false;
  if (a.is_number() && b.is_number()) return a.number() == b.number();
  if (!a.component_name().empty() && !b.component_name().empty())
    return a.component_name() == b.component_name();
  return a == b;
}

Value compare(const std::string& op, const Value& a, const Value& b) {
  if (a.none() || b.none()) return Value(false);
  if (op == "==") return Value(equal(a, b));
  if (op == "!=") return Value(!equal(a, b));
  if (!a.is_number() || !b.is_number()) return Value(false);
  const double x = a.number(), y = b.number();
  return Value(op == "<" ? x < y : op == "<=" ? x <= y : op == ">" ? x > y : x >= y);
}

bool truth(const Value& value) {
  return value.is_boolean() && value.boolean();
}

Value evaluate(const Node& node, const Expression::Lookup& lookup) {
  const auto child = [&](std::size_t i) { return evaluate(node.children[i], lookup); };
  switch (node.kind) {
    case Node::Kind::kLiteral:
      return node.literal;
    case Node::Kind::kName: {
      const Value* value = lookup(node.name);
      return value ? *value : Value();
    }
    case Node::Kind::kOr:
      return Value(truth(child(0)) || truth(child(1)));
    case Node::Kind::kAnd:
      return Value(truth(child(0)) && truth(child(1)));
    case Node::Kind::kNot:
      return Value(!truth(child(0)));
    case Node::Kind::kCompare:
      return compare(node.op, child(0), child(1));
    case Node::Kind::kIn: {
      const Value left = child(0);
      for (std::size_t i = 1; i < node.children.size(); ++i)
        if (equal(left, child(i))) return Value(true);
      return Value(false);
    }
    case Node::Kind::kArithmetic:
      break;
  }
  const Value a = child(0), b = child(1);
  if (!a.is_number() || !b.is_number()) return Value();
  const double x = a.number(), y = b.number();
  return Value(node.op == "+" ? x + y : node.op == "-" ? x - y : node.op == "*" ? x * y : x / y);
}

}  // namespace

std::shared_ptr<const Expression> Expression::parse(const Value& text,
                                                    const std::vector<std::string>& names,
                                                    Diagnostics& out) {
  try {
    auto expression = std::make_shared<Expression>();
    expression->root_ = std::make_shared<const Node>(Parser(text.string(), names).parse());
    const auto kind = expression->root_->kind;
    if (kind == Node::Kind::kArithmetic ||
        (kind == Node::Kind::kLiteral && !expression->root_->literal.is_boolean()))
      throw Mistake{0, "the expression is no condition; compare something, as in x > 1"};
    return expression;
  } catch (const Mistake& mistake) {
    Position where = text.where;
    where.column += 1 + static_cast<int>(mistake.at);  // after the opening quote
    out.error(where, mistake.text);
    return nullptr;
  }
}

bool Expression::holds(const Lookup& lookup) const {
  return truth(evaluate(*root_, lookup));
}

}  // namespace assay::design
