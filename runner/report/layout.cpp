#include "runner/report/layout.h"

#include <cmath>
#include <cstdio>
#include <map>

#include "runner/registry/value.h"
#include "runner/report/digits.h"

namespace assay::report {

namespace {

template <class Visit>
void for_each_entry(const Table& table, const Visit& visit) {
  for (const auto& value : table.entries)
    for (const auto& row : value)
      for (const Table::Entry& entry : row) visit(entry);
}

// The number of seeds that most entries have; the largest of several.
std::size_t common_count(const Table& table) {
  std::map<std::size_t, std::size_t> entries;
  for_each_entry(table, [&](const Table::Entry& entry) { ++entries[entry.summary.count]; });
  entries.erase(0);
  std::size_t common = 0, most = 0;
  for (const auto& [count, number] : entries)
    if (number >= most) most = number, common = count;
  return common;
}

std::string marks_of(const std::vector<std::size_t>& footnotes) {
  std::string out;
  for (const std::size_t footnote : footnotes)
    out += (out.empty() ? "" : ",") + footnote_mark(footnote);
  return out;
}

// `common`: the number of seeds that the notes tell.
Shown show(const Table& table, const Table::Entry& entry, std::size_t common,
           const Format& of_value) {
  Shown out;
  out.marks = marks_of(entry.footnotes);
  if (entry.summary.count == 0) return out;
  const auto spread = spread_of(entry, table.spread);
  const Format format = format_of(of_value, spread);
  out.mean = fixed(entry.summary.mean, format);
  out.exponent = format.exponent;
  if (entry.summary.count != common) out.other_count = entry.summary.count;
  out.best = entry.standing == Standing::kBest;
  out.tied = entry.standing == Standing::kTied;
  if (!spread || table.spread == Spread::kNone) return out;
  out.bracketed = table.spread == Spread::kBca && *spread > 0;
  out.spread = out.bracketed ? "[" + fixed(entry.interval.low, format) + ", " +
                                   fixed(entry.interval.high, format) + "]"
               : *spread > 0 ? fixed(*spread, format)
                             : "0";
  return out;
}

Shown show(const std::optional<Table::Paper>& paper) {
  Shown out;
  out.blank = !paper;
  if (!paper) return out;
  out.mean = number_text(paper->value);
  if (paper->spread) out.spread = number_text(*paper->spread);
  out.marks = footnote_mark(paper->footnote);
  return out;
}

std::string spread_note(const Table& table, std::size_t common) {
  std::size_t largest = 0, smallest = common;
  bool differ = false;
  for_each_entry(table, [&](const Table::Entry& entry) {
    differ = differ || spread_of(entry, table.spread).value_or(0.0) > 0;
    largest = std::max(largest, entry.summary.count);
    if (entry.summary.count > 0) smallest = std::min(smallest, entry.summary.count);
  });
  if (largest < 2) return {};
  static const std::map<Spread, std::pair<const char*, const char*>> kWords = {
      {Spread::kDeviation, {"mean ± standard deviation", "deviation"}},
      {Spread::kInterval, {"mean ± half the width of its 95% interval (Student's t)", "interval"}},
      {Spread::kBca, {"mean and its 95% interval (BCa bootstrap)", "interval"}},
      {Spread::kNone, {"mean", "deviation"}}};
  const auto& [what, of] = kWords.at(table.spread);
  return std::string(what) + " over n = " + std::to_string(common) + " seeds" +
         (largest == smallest ? "" : " where no other n is given") +
         (differ ? std::string(", rounded to two digits of the typical ") + of : "");
}

Layout::Legend legend_of(const Table& table) {
  std::map<Standing, std::size_t> seen;
  std::size_t most_pairs = 0;
  for_each_entry(table, [&](const Table::Entry& entry) {
    ++seen[entry.standing];
    most_pairs = std::max(most_pairs, entry.pairs);
  });
  Layout::Legend out;
  if (seen[Standing::kBest] == 0) return out;
  const std::string place =
      table.within.empty() ? "of its column" : "among those of one " + join(table.within, ", ");
  const std::string test =
      "two-sided sign flips over common seeds, Holm's correction over the "
      "comparisons of a " +
      std::string(table.within.empty() ? "column" : "group");
  const std::string level = number_text(table.alpha);
  out.best = "best " + place;
  if (seen[Standing::kTied] > 0)
    out.tied = "not significantly worse than the best (p > " + level + ": " + test + ")";
  else if (seen[Standing::kWorse] > 0)
    out.rest = std::string(seen[Standing::kUndecided] > 0 ? "all that were judged" : "all others") +
               " are significantly worse than the best (p ≤ " + level + ": " + test + ")";
  if (seen[Standing::kUndecided] == 0 || most_pairs < 2) return out;
  const std::string needed = std::to_string(table.seeds_needed);
  const bool judged = seen[Standing::kTied] + seen[Standing::kWorse] > 0;
  out.rest += judged ? (out.rest.empty() ? "" : "; ") +
                           ("not judged: entries with fewer common seeds than it takes, " + needed)
                     : "too few seeds to show that any is worse than the best: it takes " + needed +
                           " (" + test + ")";
  return out;
}

void add_columns(const Table& table, Layout& layout) {
  for (const std::string& name : table.row_names) layout.labels.push_back(one_line(name));
  const std::size_t per_value = std::max<std::size_t>(1, table.columns.size());
  for (std::size_t v = 0; v < table.values.size(); ++v) {
    const std::string name = one_line(table.values[v].name);
    const std::size_t first = layout.columns.size();
    for (std::size_t c = 0; c < per_value; ++c) {
      const bool labelled = c < table.columns.size() && !table.columns[c].empty();
      const std::string head = labelled ? one_line(join(table.columns[c], " / ")) : name;
      layout.columns.push_back({head, "", false});
      const bool paper = std::any_of(table.entries[v].begin(), table.entries[v].end(),
                                     [&](const auto& row) { return row[c].paper.has_value(); });
      if (paper) layout.columns.push_back({"paper", head, true});
    }
    if (!table.column_names.empty())
      layout.groups.push_back({name, first, layout.columns.size() - first});
  }
}

void add_numbers(const Table& table, std::size_t common, Layout& layout) {
  layout.numbers.resize(table.rows.size());
  std::size_t column = 0;
  for (std::size_t v = 0; v < table.values.size(); ++v) {
    const Format format = format_for(table.entries[v], table.spread);
    for (std::size_t c = 0; c < std::max<std::size_t>(1, table.columns.size()); ++c) {
      ++column;
      const bool paper = column < layout.columns.size() && layout.columns[column].paper;
      for (std::size_t r = 0; r < table.rows.size(); ++r) {
        const Table::Entry& entry = table.entries[v][r][c];
        layout.numbers[r].push_back(show(table, entry, common, format));
        if (paper) layout.numbers[r].push_back(show(entry.paper));
      }
      if (paper) ++column;
    }
  }
}

void add_notes(const Table& table, std::size_t common, Layout& layout) {
  auto& notes = layout.notes;
  if (const std::string note = spread_note(table, common); !note.empty()) notes.push_back(note);
  if (!table.column_names.empty()) notes.push_back("columns: " + join(table.column_names, " / "));
  notes.insert(notes.end(), table.remarks.begin(), table.remarks.end());
  for (std::string& note : notes) note = one_line(note);
  for (std::size_t i = 0; i < table.footnotes.size(); ++i)
    layout.footnotes.emplace_back(footnote_mark(i), one_line(table.footnotes[i].text));
}

}  // namespace

std::string footnote_mark(std::size_t footnote) {
  static constexpr std::string_view kLetters = "abcdefghijklmnoprstuvwxyz";
  std::string out(1, kLetters[footnote % kLetters.size()]);
  return footnote < kLetters.size() ? out : footnote_mark(footnote / kLetters.size() - 1) + out;
}

std::string join(const std::vector<std::string>& words, const std::string& between) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) out += (i ? between : "") + words[i];
  return out;
}

std::string one_line(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F, written in two bytes, are control characters as well.
    const bool second = byte == 0xC2 && i + 1 < text.size() &&
                        static_cast<unsigned char>(text[i + 1]) >= 0x80 &&
                        static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (second) ++i;
    out += byte < 0x20 || byte == 0x7F || second ? ' ' : text[i];
  }
  return out;
}

Layout lay_out(const Table& table) {
  Layout out;
  add_columns(table, out);
  for (const auto& labels : table.rows) {
    auto& line = out.labelled.emplace_back();
    for (const std::string& label : labels) line.push_back(one_line(label));
  }
  const std::size_t common = common_count(table);
  add_numbers(table, common, out);
  add_notes(table, common, out);
  out.legend = legend_of(table);
  return out;
}

std::string plain(const Shown& shown) {
  if (shown.mean.empty()) return shown.blank ? "" : "–";
  std::string out = shown.mean;
  if (!shown.spread.empty()) out += (shown.bracketed ? " " : " ± ") + shown.spread;
  if (shown.exponent) {
    char unit[16];
    std::snprintf(unit, sizeof unit, "e%+03d", shown.exponent);
    out = (shown.spread.empty() ? out : "(" + out + ")") + unit;
  }
  if (shown.other_count) out += " (n=" + std::to_string(shown.other_count) + ")";
  return out;
}

}  // namespace assay::report
