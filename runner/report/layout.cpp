#include "runner/report/layout.h"

#include <cmath>
#include <cstdio>

namespace assay::report {

namespace {

constexpr int kMostDigits = 6;

std::string fixed(double value, int digits) {
  char text[400];  // the largest double has 309 digits
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  const std::string out = text;
  const bool zero = out.find_first_not_of("-0.") == std::string::npos;
  return zero && out[0] == '-' ? out.substr(1) : out;
}

// Two significant digits of the typical deviation (its geometric mean), one format for a value.
Format format_for(const std::vector<std::vector<Table::Entry>>& entries) {
  double sum = 0.0, largest = 0.0;
  int count = 0;
  for (const auto& row : entries) {
    for (const Table::Entry& entry : row) {
      if (entry.summary.count == 0 || !std::isfinite(entry.summary.mean)) continue;
      largest = std::max(largest, std::abs(entry.summary.mean));
      if (entry.summary.deviation > 0) sum += std::log10(entry.summary.deviation), ++count;
    }
  }
  const double scale = count ? std::pow(10.0, sum / count) : largest * 1e-3;
  if (!(scale > 0) || !std::isfinite(scale)) return {};
  const int wanted = 1 - static_cast<int>(std::floor(std::log10(scale)));
  Format out;
  if (largest > 0 && ((wanted > kMostDigits && largest < 1e-3) || largest >= 1e7))
    out.exponent = static_cast<int>(std::floor(std::log10(largest)));
  out.digits = std::clamp(wanted + out.exponent, 0, kMostDigits);
  return out;
}

std::size_t common_count(const Table& table) {
  std::size_t common = 0;
  for (const auto& value : table.entries)
    for (const auto& row : value)
      for (const Table::Entry& entry : row) common = std::max(common, entry.summary.count);
  return common;
}

// `common`: the number of seeds that the notes tell.
Shown show(const Table::Entry& entry, std::size_t common, const Format& format) {
  Shown out;
  out.failed = entry.failed > 0;
  if (entry.summary.count == 0) return out;
  const double unit = std::pow(10.0, format.exponent);
  out.mean = fixed(entry.summary.mean / unit, format.digits);
  if (entry.summary.count > 1) out.deviation = fixed(entry.summary.deviation / unit, format.digits);
  out.exponent = format.exponent;
  if (entry.summary.count != common) out.other_count = entry.summary.count;
  out.best = entry.standing == Standing::kBest;
  return out;
}

std::vector<std::string> notes_of(const Table& table, const Layout& layout, std::size_t common) {
  std::vector<std::string> out;
  bool other = false;
  for (const auto& row : layout.numbers)
    for (const Shown& shown : row) other = other || shown.other_count > 0;
  if (common > 1)
    out.push_back("mean ± standard deviation over n = " + std::to_string(common) + " seeds" +
                  (other ? " where no other n is given" : ""));
  if (!table.column_names.empty()) out.push_back("columns: " + join(table.column_names, " / "));
  for (const Table::Footnote& footnote : table.footnotes) out.push_back("† " + footnote.text);
  for (std::string& note : out) note = one_line(note);
  return out;
}

void add_heads(const Table& table, Layout& layout) {
  for (const std::string& name : table.row_names) layout.head.push_back(one_line(name));
  for (const Table::Value& value : table.values) {
    if (!table.column_names.empty()) layout.groups.push_back(one_line(value.name));
    for (std::size_t c = 0; c < layout.per_value; ++c) {
      const bool labelled = c < table.columns.size() && !table.columns[c].empty();
      layout.head.push_back(one_line(labelled ? join(table.columns[c], " / ") : value.name));
    }
  }
}

}  // namespace

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
  out.labels = table.row_names.size();
  out.per_value = std::max<std::size_t>(1, table.columns.size());
  add_heads(table, out);
  for (const auto& labels : table.rows) {
    auto& line = out.labelled.emplace_back();
    for (const std::string& label : labels) line.push_back(one_line(label));
  }
  const std::size_t common = common_count(table);
  out.numbers.resize(table.rows.size());
  for (std::size_t v = 0; v < table.values.size(); ++v) {
    const Format format = format_for(table.entries[v]);
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
      for (std::size_t c = 0; c < out.per_value; ++c) {
        out.numbers[r].push_back(show(table.entries[v][r][c], common, format));
        out.any_best = out.any_best || out.numbers[r].back().best;
      }
    }
  }
  out.notes = notes_of(table, out, common);
  return out;
}

std::string plain(const Shown& shown) {
  const std::string mark = shown.failed ? "†" : "";
  if (shown.mean.empty()) return "–" + mark;
  std::string out = shown.mean;
  if (!shown.deviation.empty()) out += " ± " + shown.deviation;
  if (shown.exponent) {
    char unit[16];
    std::snprintf(unit, sizeof unit, "e%+03d", shown.exponent);
    out = (shown.deviation.empty() ? out : "(" + out + ")") + unit;
  }
  if (shown.other_count) out += " (n=" + std::to_string(shown.other_count) + ")";
  return out + mark;
}

}  // namespace assay::report
