// Recursive descent; types are checked as nodes are made, against what the axes hold.
#include <cctype>
#include <charconv>

#include "runner/design/node.h"

namespace assay::design {

namespace {

using Node = Expression::Node;

constexpr int kMaxDepth = 200;
constexpr int kMaxNodes = 10'000;

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}
bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool in_word(char c) {
  return is_letter(c) || is_digit(c) || c == '.';
}

std::string describe(unsigned types) {
  std::string out;
  for (const auto& [type, name] :
       {std::pair(kTruth, "true or false"), std::pair(kNumbers, "number"), std::pair(kText, "text"),
        std::pair(kOther, "list or table")})
    if (types & type) out += (out.empty() ? "" : " or ") + std::string(name);
  return out;
}

class Parser {
 public:
  Parser(std::string_view text, const std::vector<Expression::Name>& names)
      : text_(text),
        names_(names) {}

  Node parse() {
    Node node = disjunction();
    skip();
    if (at_ < text_.size()) unexpected();
    if (node.types && !(node.types & kTruth))
      throw Mistake{node.at, "the expression is no condition; compare something, as in x > 1"};
    return node;
  }

 private:
  [[noreturn]] void unexpected() const {
    std::size_t end = at_ + 1;  // a whole character of UTF-8
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    throw Mistake{at_,
                  "unexpected " + toml_string(text_.substr(at_, end - at_)) + " in the expression"};
  }

  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  bool symbol(std::string_view wanted) {
    skip();
    if (text_.substr(at_, wanted.size()) != wanted) return false;
    if (is_letter(wanted[0]) && at_ + wanted.size() < text_.size() &&
        in_word(text_[at_ + wanted.size()]))
      return false;
    at_ += wanted.size();
    return true;
  }

  Node make(Operator op, std::size_t at, unsigned types) {
    if (++nodes_ > kMaxNodes) throw Mistake{at, "the expression is too long"};
    Node node;
    node.op = op;
    node.at = at;
    node.types = types;
    return node;
  }

  // Only what can never be right is a mistake: an axis may hold numbers and text.
  static void need(const Node& node, unsigned type, const std::string& who) {
    if (node.types && !(node.types & type))
      throw Mistake{
          node.at, "\"" + who + "\" needs " + describe(type) + "; this is " + describe(node.types)};
  }

  static void comparable(const Node& left, const Node& right, const std::string& who) {
    if (left.types && right.types && !(left.types & right.types))
      throw Mistake{right.at, "\"" + who + "\" compares " + describe(left.types) + " with " +
                                  describe(right.types) + ", which are never equal"};
  }

  Node chain(Operator op, const char* word, Node (Parser::*next)()) {
    Node left = (this->*next)();
    if (!symbol(word)) return left;
    Node out = make(op, left.at, kTruth);
    out.children.push_back(std::move(left));
    do {
      out.children.push_back((this->*next)());
    } while (symbol(word));
    for (const Node& child : out.children) need(child, kTruth, word);
    return out;
  }

  Node disjunction() { return chain(Operator::kOr, "or", &Parser::conjunction); }
  Node conjunction() { return chain(Operator::kAnd, "and", &Parser::negation); }

  Node negation() {
    if (++depth_ > kMaxDepth) throw Mistake{at_, "the expression is nested too deeply"};
    skip();
    const std::size_t at = at_;
    Node out;
    if (symbol("not")) {
      out = make(Operator::kNot, at, kTruth);
      out.children.push_back(negation());
      need(out.children[0], kTruth, "not");
    } else {
      out = comparison();
    }
    --depth_;
    return out;
  }

  Node pair(Operator op, const std::string& sign, Node left, Node right, unsigned types) {
    if (op == Operator::kEqual || op == Operator::kUnequal) {
      comparable(left, right, sign);
    } else {
      need(left, kNumbers, sign);
      need(right, kNumbers, sign);
    }
    Node out = make(op, left.at, types);
    out.children.push_back(std::move(left));
    out.children.push_back(std::move(right));
    return out;
  }

  Node comparison() {
    using Sign = std::pair<const char*, Operator>;
    Node left = sum();
    // "<=" before "<": the longer sign first.
    for (const auto& [sign, op] : {Sign("==", Operator::kEqual), Sign("!=", Operator::kUnequal),
                                   Sign("<=", Operator::kAtMost), Sign(">=", Operator::kAtLeast),
                                   Sign("<", Operator::kLess), Sign(">", Operator::kGreater)})
      if (symbol(sign)) return pair(op, sign, std::move(left), sum(), kTruth);
    if (!symbol("in")) return left;
    if (!symbol("[")) throw Mistake{at_, "expected a list after \"in\", as in x in [1, 2]"};
    Node out = make(Operator::kIn, left.at, kTruth);
    out.children.push_back(std::move(left));
    while (!symbol("]")) {
      out.children.push_back(sum());
      comparable(out.children.front(), out.children.back(), "in");
      if (symbol("]")) break;
      if (!symbol(",")) throw Mistake{at_, "expected \",\" or \"]\" in the list"};
    }
    return out;
  }

  Node sum() {
    Node left = product();
    while (true) {
      if (symbol("+"))
        left = pair(Operator::kAdd, "+", std::move(left), product(), kNumbers);
      else if (symbol("-"))
        left = pair(Operator::kSubtract, "-", std::move(left), product(), kNumbers);
      else
        return left;
    }
  }

  Node product() {
    Node left = atom();
    while (true) {
      if (symbol("*"))
        left = pair(Operator::kMultiply, "*", std::move(left), atom(), kNumbers);
      else if (symbol("/"))
        left = pair(Operator::kDivide, "/", std::move(left), atom(), kNumbers);
      else
        return left;
    }
  }

  Node atom() {
    skip();
    if (at_ >= text_.size()) throw Mistake{at_, "the expression ends too early"};
    const std::size_t at = at_;
    if (symbol("(")) {
      Node inner = disjunction();
      if (!symbol(")")) throw Mistake{at_, "expected \")\""};
      return inner;
    }
    const char c = text_[at];
    if (c == '"' || c == '\'') return string(c);
    if (is_digit(c) || c == '.') return number();
    if (c == '-') return negative();
    if (is_letter(c)) return word();
    unexpected();
  }

  Node negative() {
    if (++depth_ > kMaxDepth) throw Mistake{at_, "the expression is nested too deeply"};
    Node zero = literal(at_++, Value(0.0));
    Node out = pair(Operator::kSubtract, "-", std::move(zero), atom(), kNumbers);
    --depth_;
    return out;
  }

  Node literal(std::size_t at, Value value) {
    Node node = make(Operator::kLiteral, at, value_types(value));
    node.literal = std::move(value);
    return node;
  }

  Node string(char quote) {
    const std::size_t start = at_, end = text_.find(quote, start + 1);
    if (end == std::string_view::npos) throw Mistake{start, "the string has no end"};
    at_ = end + 1;
    return literal(start, Value(std::string(text_.substr(start + 1, end - start - 1))));
  }

  Node number() {
    double value = 0.0;
    const std::size_t start = at_;
    const auto [end, code] =
        std::from_chars(text_.data() + start, text_.data() + text_.size(), value);
    if (code != std::errc()) throw Mistake{start, "expected a number"};
    at_ = static_cast<std::size_t>(end - text_.data());
    return literal(start, Value(value));
  }

  Node word() {
    const std::size_t start = at_;
    // A minus belongs to a name ("top-k.x") where letters stand on both sides.
    while (at_ < text_.size() &&
           (in_word(text_[at_]) ||
            (text_[at_] == '-' && at_ + 1 < text_.size() && is_letter(text_[at_ + 1]))))
      ++at_;
    const std::string name(text_.substr(start, at_ - start));
    if (name == "true" || name == "false") return literal(start, Value(name == "true"));
    const std::size_t found = resolve(name, start);
    Node node = make(Operator::kName, start, names_[found].types);
    node.name = found;
    return node;
  }

  // The axis of that path, or the only one whose path ends so.
  std::size_t resolve(const std::string& name, std::size_t start) const {
    std::vector<std::size_t> found;
    std::vector<std::string> known;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const std::string& full = names_[i].path;
      if (full == name) return i;
      if (full.size() > name.size() &&
          full.compare(full.size() - name.size() - 1, std::string::npos, "." + name) == 0)
        found.push_back(i);
      known.push_back(full);
      known.push_back(full.substr(full.rfind('.') + 1));
    }
    if (found.size() == 1) return found[0];
    if (found.empty())
      throw Mistake{start,
                    "unknown axis \"" + name + "\" in the expression" + suggestion(name, known)};
    throw Mistake{start, "\"" + name + "\" could be " + names_[found[0]].path + " or " +
                             names_[found[1]].path + "; write the whole path"};
  }

  std::string_view text_;
  const std::vector<Expression::Name>& names_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int nodes_ = 0;
};

}  // namespace

Expression::Node parse_expression(std::string_view text,
                                  const std::vector<Expression::Name>& names) {
  return Parser(text, names).parse();
}

}  // namespace assay::design
