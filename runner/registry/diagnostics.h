#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runner/registry/value.h"

namespace assay {

struct Diagnostic {
  Position where;
  std::string text;
};

// Collects every mistake of a study, so that all are reported at once.
class Diagnostics {
 public:
  // The same mistake at the same place counts once, however many cells it would hit.
  void error(const Position& where, std::string text);
  bool ok() const { return items_.empty(); }
  std::size_t count() const { return items_.size(); }
  // Calls of error(), repeated mistakes included: tells whether a check has just found one.
  std::size_t reports() const { return reports_; }
  // In order of file and line.
  std::vector<Diagnostic> sorted() const;
  // One block for each: `file:line:column: text`, the source line, a caret under the column.
  std::string render() const;

 private:
  std::vector<Diagnostic> items_;
  std::size_t reports_ = 0;
};

// `file:line:column: text`, with the axis that the value came from, where it came from one.
std::string headline(const Diagnostic& diagnostic);

// The candidate nearest to `word` (edit distance with transpositions; `-` and `_` are alike), or
// an empty string where none is near enough to be worth suggesting.
std::string nearest(std::string_view word, std::span<const std::string> candidates);
// `; did you mean "x"?`, or nothing.
std::string suggestion(std::string_view word, std::span<const std::string> candidates);
// The same, followed by all candidates: `; did you mean "x"? Allowed: x, y`.
std::string allowed_names(std::string_view word, std::span<const std::string> candidates);

// Thrown where a study cannot be used; carries the rendered diagnostics. Exit code 2.
class StudyError : public std::exception {
 public:
  explicit StudyError(std::string text) : text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

}  // namespace assay
