#include "runner/registry/diagnostics.h"

namespace assay {

namespace {

// A file with more mistakes than a reader has patience for is no study; what is done for each
// mistake has to end.
constexpr std::size_t kMostKept = 1000;    // mistakes
constexpr std::size_t kLongestLine = 400;  // bytes of a source line that is shown
constexpr std::size_t kLongestWord = 200;  // bytes of a word that is compared with others

}  // namespace

void Diagnostics::error(const Position& where, std::string text) {
  ++reports_;
  if (items_.size() >= kMostKept) return;
  for (const Diagnostic& item : items_) {
    if (item.where.source == where.source && item.where.line == where.line &&
        item.where.column == where.column && item.text == text)
      return;
  }
  items_.push_back({where, std::move(text)});
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> out = items_;
  std::stable_sort(out.begin(), out.end(), [](const Diagnostic& a, const Diagnostic& b) {
    const std::string_view left = a.where.source ? a.where.source->name : std::string_view();
    const std::string_view right = b.where.source ? b.where.source->name : std::string_view();
    return std::tie(left, a.where.line, a.where.column) <
           std::tie(right, b.where.line, b.where.column);
  });
  return out;
}

std::string headline(const Diagnostic& diagnostic) {
  const Position& where = diagnostic.where;
  std::string out;
  if (where.source) out = where.source->name + ":";
  if (where.known()) out += std::to_string(where.line) + ":" + std::to_string(where.column) + ":";
  if (!out.empty()) out += " ";
  out += diagnostic.text;
  if (where.note) out += " (" + *where.note + ")";
  return out;
}

namespace {

std::string_view line_of(const Position& where) {
  std::string_view text = where.source->text;
  for (int line = 1; line < where.line; ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

// Edit distance with adjacent transpositions (optimal string alignment); '-' and '_' are alike.
std::size_t distance(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) {
    const auto plain = [](char c) {
      return c == '_' ? '-' : std::tolower(static_cast<unsigned char>(c));
    };
    return plain(x) == plain(y);
  };
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = d[i - 1][j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      d[i][j] = std::min({change, d[i - 1][j] + 1, d[i][j - 1] + 1});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string Diagnostics::render() const {
  std::string out;
  for (const Diagnostic& item : sorted()) {
    out += headline(item) + "\n";
    if (!item.where.known()) continue;
    const std::string_view line = line_of(item.where);
    if (line.size() > kLongestLine) continue;
    std::string indent;
    for (int i = 0; i + 1 < item.where.column; ++i)
      indent += static_cast<std::size_t>(i) < line.size() && line[i] == '\t' ? '\t' : ' ';
    out += "    " + std::string(line) + "\n    " + indent + "^\n";
  }
  if (items_.size() >= kMostKept) out += "and perhaps more: only so many mistakes are listed\n";
  return out;
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  std::string best;
  // A word of one or two letters resembles everything; only more than half of it counts.
  std::size_t best_distance =
      std::min(1 + std::max<std::size_t>(1, word.size() / 3), (word.size() + 1) / 2 + 1);
  if (word.size() < 2) best_distance = 0;
  if (word.size() > kLongestWord) return {};
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongestWord) continue;
    const std::size_t d = distance(word, candidate);
    if (d < best_distance) best_distance = d, best = candidate;
  }
  if (!best.empty()) return best;
  // A word that only lacks or adds an end: "magnitude-pruner" for "magnitude".
  for (const std::string& candidate : candidates) {
    const bool longer = word.size() > candidate.size();
    const std::string_view whole = longer ? word : std::string_view(candidate);
    const std::string_view part = longer ? std::string_view(candidate) : word;
    if (part.size() >= 3 && whole.substr(0, part.size()) == part) return candidate;
  }
  return {};
}

std::string suggestion(std::string_view word, std::span<const std::string> candidates) {
  const std::string near = nearest(word, candidates);
  return near.empty() ? std::string() : "; did you mean \"" + near + "\"?";
}

std::string allowed_names(std::string_view word, std::span<const std::string> candidates) {
  const std::string near = suggestion(word, candidates);
  std::string out = near.empty() ? "; allowed: " : near + " Allowed: ";
  for (std::size_t i = 0; i < candidates.size(); ++i) out += (i ? ", " : "") + candidates[i];
  return out;
}

}  // namespace assay
