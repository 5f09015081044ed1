#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

// A field of a line of text, where it stands, and whether it was written in quotes.
struct Field {
  std::string_view text;
  int line = 0;
  int column = 0;
  bool quoted = false;
};

// Fields of a delimited text (RFC 4180): quotes around a field may hide delimiters and line breaks,
// a quote inside is doubled. Empty lines are left out. Views live as long as the text and this.
class Delimited {
 public:
  // Throws std::runtime_error "what:line:column: …" where a quote is never closed, something
  // follows one, or there is a NUL byte. The first `skip` lines are left out.
  Delimited(std::string_view text, char delimiter, int skip, std::string what);
  const std::vector<std::vector<Field>>& rows() const { return rows_; }

 private:
  bool at_end() const { return at_ == text_.size(); }
  void advance();
  void skip_line();
  Field field(char delimiter);
  Field quoted_field(char delimiter);
  std::vector<Field> row(char delimiter);

  std::string_view text_;
  std::string what_;
  std::size_t at_ = 0;
  int line_ = 1;
  int column_ = 1;
  std::deque<std::string> unescaped_;  // fields with doubled quotes, which are not in the text
  std::vector<std::vector<Field>> rows_;
};

}  // namespace assay
