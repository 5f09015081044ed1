#include "components/datasets/parse_arff.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <unordered_map>

namespace assay {

namespace {

// A word, in quotes or not, and where it stands.
struct Word {
  std::string text;
  int column = 0;
  bool quoted = false;
};

bool same(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() &&
         std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) == y;
         });
}

// Reads one line from left to right.
class Line {
 public:
  Line(std::string_view text, int number, const std::string& what)
      : text_(text),
        number_(number),
        what_(what) {}

  [[noreturn]] void fail(int column, const std::string& message) const {
    throw_at(what_, number_, column, message);
  }
  int number() const { return number_; }
  int column() const { return static_cast<int>(at_) + 1; }
  bool ends() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    return at_ == text_.size() || text_[at_] == '%';
  }
  bool take(char c) {
    if (ends() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // Up to a space, or where `commas`, up to a comma or a brace.
  Word word(bool commas) {
    if (ends()) fail(column(), "the line ends too early");
    Word out{{}, column(), text_[at_] == '\'' || text_[at_] == '"'};
    if (out.quoted) return quoted(std::move(out));
    const std::string_view stops = commas ? ",{}%\t" : " \t%{";
    while (at_ < text_.size() && stops.find(text_[at_]) == std::string_view::npos)
      out.text += text_[at_++];
    while (!out.text.empty() && out.text.back() == ' ') out.text.pop_back();
    if (out.text.empty()) fail(out.column, "a value is missing here");
    return out;
  }

 private:
  Word quoted(Word out) {
    const char quote = text_[at_++];
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out.text += text_[at_];
    }
    if (at_ == text_.size()) fail(out.column, "this quote is never closed");
    ++at_;
    return out;
  }

  std::string_view text_;
  int number_;
  const std::string& what_;
  std::size_t at_ = 0;
};

class Reader {
 public:
  explicit Reader(const std::string& what) { out_.table.what = what; }

  void read(Line& line) {
    if (line.ends()) return;
    if (in_data_) return row(line);
    const Word first = line.word(false);
    if (same(first.text, "@relation")) return;
    if (same(first.text, "@attribute")) return attribute(line);
    if (!same(first.text, "@data"))
      line.fail(first.column,
                "\"" + first.text + "\" is unknown; known: @relation, @attribute, @data");
    if (out_.names.empty()) line.fail(first.column, "there is no attribute before the data");
    in_data_ = true;
  }
  Arff take() {
    if (!in_data_) throw std::runtime_error(out_.table.what + " has no @data");
    return std::move(out_);
  }

 private:
  void attribute(Line& line) {
    Column column;
    column.name = line.word(false).text;
    auto& known = ids_.emplace_back();
    bool unreadable = false;
    if (line.take('{')) {
      categories(line, column, known);
    } else {
      const Word type = line.word(false);
      unreadable = same(type.text, "string") || same(type.text, "date");
      if (!unreadable && !same(type.text, "numeric") && !same(type.text, "real") &&
          !same(type.text, "integer"))
        line.fail(type.column, "type \"" + type.text +
                                   "\" is unknown; known: numeric, real, integer, string, date "
                                   "and {names}");
    }
    out_.names.push_back(column.name);
    out_.unreadable.push_back(unreadable);
    out_.table.columns.push_back(std::move(column));
  }

  static void categories(Line& line, Column& column, std::unordered_map<std::string, int>& known) {
    while (!line.take('}')) {
      const Word name = line.word(true);
      if (!known.emplace(name.text, static_cast<int>(column.categories.size())).second)
        line.fail(name.column, "\"" + name.text + "\" is named twice");
      column.categories.push_back(name.text);
      line.take(',');
    }
    if (column.categories.empty()) line.fail(line.column(), "there is no name between the braces");
  }

  double value(Line& line, std::size_t c, const Word& word) const {
    if (word.text == "?" && !word.quoted) return std::numeric_limits<double>::quiet_NaN();
    if (out_.unreadable[c]) return 0.0;
    if (!out_.table.columns[c].categories.empty()) {
      const auto it = ids_[c].find(word.text);
      if (it == ids_[c].end())
        line.fail(word.column, "\"" + word.text + "\" is no value of \"" + out_.names[c] + "\"");
      return it->second;
    }
    double number = 0.0;
    if (!parse_number(word.text, number))
      line.fail(word.column,
                "\"" + word.text + "\" is no number, which \"" + out_.names[c] + "\" is made of");
    return number;
  }

  void row(Line& line) {
    if (line.take('{')) line.fail(1, "sparse rows are not read; write every value");
    for (std::size_t c = 0; c < out_.names.size(); ++c) {
      if (c > 0 && !line.take(','))
        line.fail(line.column(), "expected " + std::to_string(out_.names.size()) +
                                     " values, found " + std::to_string(c));
      out_.table.columns[c].values.push_back(value(line, c, line.word(true)));
    }
    if (!line.ends())
      line.fail(line.column(),
                "more than the " + std::to_string(out_.names.size()) + " values of a row");
    out_.table.lines.push_back(line.number());
    ++out_.table.rows;
  }

  Arff out_;
  std::vector<std::unordered_map<std::string, int>> ids_;  // of the names of each attribute
  bool in_data_ = false;
};

}  // namespace

Arff parse_arff(std::string_view text, const std::string& what) {
  Reader reader(what);
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (const std::size_t nul = line.find('\0'); nul != std::string_view::npos)
      throw_at(what, number, static_cast<int>(nul) + 1, "a NUL byte; is it text?");
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    Line one(line, number, what);
    reader.read(one);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.take();
}

}  // namespace assay
