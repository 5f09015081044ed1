// Walks a TOML string as it is written, so that a mistake behind an escape or in the third line of
// a """-string has its own line and column. Columns count code points, as toml++ does.
#include "runner/design/expression.h"

namespace assay::design {

namespace {

bool continues(char c) {  // a later byte of a code point
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

class Walk {
 public:
  explicit Walk(const Position& start) : text_(start.source->text), where_(start) {
    for (int line = 1; line < start.line && at_ < text_.size(); ++line)
      at_ = std::min(text_.size(), text_.find('\n', at_)) + 1;
    at_ = std::min(at_, text_.size());
    const int column = start.column;
    where_.column = 1;
    while (where_.column < column && at_ < text_.size() && text_[at_] != '\n') step();
  }

  Position find(std::size_t offset) {
    const char quote = at_ < text_.size() ? text_[at_] : 0;
    if (quote != '"' && quote != '\'') return where_;
    const bool block = text_.compare(at_, 3, std::string(3, quote)) == 0;
    for (int i = 0; i < (block ? 3 : 1); ++i) step();
    if (block && text_.compare(at_, 2, "\r\n") == 0) step();
    if (block && at_ < text_.size() && text_[at_] == '\n') step();
    std::size_t done = 0;
    while (at_ < text_.size()) {
      if (quote == '"' && block && ends_line()) skip_space();
      if (done >= offset) break;
      done += quote == '"' && text_[at_] == '\\' ? escape() : step();
    }
    return where_;
  }

 private:
  // One code point; returns its bytes.
  std::size_t step() {
    if (at_ >= text_.size()) return 1;
    const std::size_t start = at_;
    const bool newline = text_[at_++] == '\n';
    while (at_ < text_.size() && continues(text_[at_])) ++at_;
    where_.line += newline ? 1 : 0;
    where_.column = newline ? 1 : where_.column + 1;
    return at_ - start;
  }

  // A backslash at the end of a line takes the white space after it away.
  bool ends_line() const {
    if (text_[at_] != '\\') return false;
    const std::size_t next = text_.find_first_not_of(" \t\r", at_ + 1);
    return next != std::string::npos && text_[next] == '\n';
  }
  void skip_space() {
    step();
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string::npos)
      step();
  }

  // An escape; returns the bytes that it stands for.
  std::size_t escape() {
    step();
    const char kind = at_ < text_.size() ? text_[at_] : 0;
    step();
    if (kind != 'u' && kind != 'U') return 1;
    const std::size_t digits = kind == 'u' ? 4 : 8;
    const std::string code(text_.substr(at_, digits));
    for (std::size_t i = 0; i < digits; ++i) step();
    const unsigned long point = std::strtoul(code.c_str(), nullptr, 16);
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Position where_;
};

}  // namespace

Position inside_string(const Value& text, std::size_t offset) {
  if (!text.where.known()) return text.where;
  return Walk(text.where).find(offset);
}

}  // namespace assay::design
