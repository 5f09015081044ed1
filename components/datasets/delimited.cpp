#include "components/datasets/delimited.h"

#include "components/datasets/file.h"

namespace assay {

Delimited::Delimited(std::string_view text, char delimiter, int skip, std::string what)
    : text_(text),
      what_(std::move(what)) {
  if (text_.substr(0, 3) == "\xEF\xBB\xBF") text_.remove_prefix(3);  // byte order mark
  for (int i = 0; i < skip; ++i) skip_line();
  while (!at_end()) {
    std::vector<Field> fields = row(delimiter);
    if (fields.size() > 1 || !fields.front().text.empty() || fields.front().quoted)
      rows_.push_back(std::move(fields));
  }
}

// Columns count characters, not bytes.
void Delimited::advance() {
  const char c = text_[at_++];
  if (c == '\0') throw_at(what_, line_, column_, "a NUL byte; is it text?");
  if (c == '\n') {
    ++line_;
    column_ = 1;
  } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
    ++column_;
  }
}

void Delimited::skip_line() {
  while (!at_end() && text_[at_] != '\n') advance();
  if (!at_end()) advance();
}

std::vector<Field> Delimited::row(char delimiter) {
  std::vector<Field> out{field(delimiter)};
  while (!at_end() && text_[at_] == delimiter) {
    advance();
    out.push_back(field(delimiter));
  }
  if (!at_end()) advance();  // the line break
  return out;
}

Field Delimited::field(char delimiter) {
  if (!at_end() && text_[at_] == '"') return quoted_field(delimiter);
  Field out{{}, line_, column_, false};
  const std::size_t from = at_;
  while (!at_end() && text_[at_] != delimiter && text_[at_] != '\n') advance();
  std::string_view text = text_.substr(from, at_ - from);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  out.text = text;
  return out;
}

Field Delimited::quoted_field(char delimiter) {
  Field out{{}, line_, column_, true};
  advance();
  const std::size_t from = at_;
  bool doubled = false;
  for (;; advance()) {
    if (at_end()) throw_at(what_, out.line, out.column, "this quote is never closed");
    if (text_[at_] != '"') continue;
    if (text_.substr(at_, 2) != "\"\"") break;
    doubled = true;
    advance();
  }
  out.text = text_.substr(from, at_ - from);
  advance();
  if (!at_end() && text_[at_] == '\r') advance();
  if (!at_end() && text_[at_] != delimiter && text_[at_] != '\n')
    throw_at(what_, line_, column_, "after a closing quote comes the delimiter or a new line");
  if (!doubled) return out;
  std::string& text = unescaped_.emplace_back();
  for (std::size_t i = 0; i < out.text.size(); ++i) {
    text += out.text[i];
    if (out.text[i] == '"') ++i;
  }
  out.text = text;
  return out;
}

}  // namespace assay
