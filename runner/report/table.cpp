#include "runner/report/table.h"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "runner/registry/value.h"

namespace assay::report {

namespace {

// A cell as shown: the plain text, and whether it is the best of its value.
struct Shown {
  std::string text;
  bool best = false;
};

// Digits after the point that show two significant digits of the typical deviation.
int digits_for(const std::vector<std::vector<Table::Entry>>& entries) {
  double sum = 0.0, largest = 0.0;
  int count = 0;
  for (const auto& row : entries) {
    for (const Table::Entry& entry : row) {
      if (entry.summary.count == 0) continue;
      largest = std::max(largest, std::abs(entry.summary.mean));
      if (entry.summary.deviation > 0) sum += std::log10(entry.summary.deviation), ++count;
    }
  }
  const double scale = count ? std::pow(10.0, sum / count) : largest * 1e-3;
  if (!(scale > 0)) return 1;
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(scale))), 0, 6);
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

// marks[row][column]: whether the entry is the best of its column.
std::vector<std::vector<char>> best_marks(const Table& table, std::size_t v) {
  const auto& entries = table.entries[v];
  std::vector<std::vector<char>> marks;
  for (const auto& row : entries) marks.emplace_back(row.size());
  const Best best = table.values[v].best;
  if (best == Best::kNone || entries.size() < 2) return marks;
  for (std::size_t c = 0; c < entries.front().size(); ++c) {
    bool any = false;
    double top = 0.0;
    for (const auto& row : entries) {
      if (row[c].summary.count == 0) continue;
      const double mean = row[c].summary.mean;
      if (!any || (best == Best::kHighest ? mean > top : mean < top)) top = mean;
      any = true;
    }
    for (std::size_t r = 0; r < entries.size(); ++r)
      marks[r][c] = entries[r][c].summary.count > 0 && entries[r][c].summary.mean == top;
  }
  return marks;
}

std::size_t common_count(const Table& table) {
  std::size_t common = 0;
  for (const auto& value : table.entries)
    for (const auto& row : value)
      for (const Table::Entry& entry : row) common = std::max(common, entry.summary.count);
  return common;
}

// `common`: the number of seeds that the notes tell; another one is told beside its entry.
Shown show(const Table::Entry& entry, bool best, std::size_t common, int digits,
           const char* plus_minus) {
  const std::string mark = entry.failed ? "†" : "";
  if (entry.summary.count == 0) return {"–" + mark, false};
  std::string text = fixed(entry.summary.mean, digits);
  if (entry.summary.count > 1) text += plus_minus + fixed(entry.summary.deviation, digits);
  if (entry.summary.count != common) text += " (n=" + std::to_string(entry.summary.count) + ")";
  return {text + mark, best};
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

// Header and body as a grid of texts; label columns first.
struct Grid {
  std::vector<std::vector<std::string>> head;
  std::vector<std::vector<Shown>> body;
  std::size_t labels = 0;
};

Grid grid_of(const Table& table, const char* plus_minus) {
  Grid grid;
  grid.labels = table.row_names.size();
  const std::size_t columns = std::max<std::size_t>(1, table.columns.size());
  std::vector<std::string> top(grid.labels), names = table.row_names;
  for (const Table::Value& value : table.values) {
    for (std::size_t c = 0; c < columns; ++c) {
      const bool labelled = c < table.columns.size() && !table.columns[c].empty();
      top.push_back(c == 0 ? value.name : "");
      names.push_back(labelled ? joined(table.columns[c], " / ") : value.name);
    }
  }
  const bool two_lines = !table.column_names.empty();
  if (two_lines) grid.head.push_back(top);
  grid.head.push_back(names);
  std::vector<int> digits;
  for (const auto& entries : table.entries) digits.push_back(digits_for(entries));
  std::vector<std::vector<std::vector<char>>> marks;
  for (std::size_t v = 0; v < table.values.size(); ++v) marks.push_back(best_marks(table, v));
  const std::size_t common = common_count(table);
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    auto& line = grid.body.emplace_back();
    for (const std::string& label : table.rows[r]) line.push_back({label, false});
    for (std::size_t v = 0; v < table.values.size(); ++v)
      for (std::size_t c = 0; c < columns; ++c)
        line.push_back(
            show(table.entries[v][r][c], marks[v][r][c] != 0, common, digits[v], plus_minus));
  }
  return grid;
}

std::size_t width_of(const std::string& text) {  // columns on a terminal: code points
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::vector<std::string> notes_of(const Table& table) {
  std::vector<std::string> out;
  const std::size_t n = common_count(table);
  if (n > 1) out.push_back("mean ± standard deviation over n = " + std::to_string(n) + " seeds");
  if (!table.column_names.empty()) out.push_back("columns: " + joined(table.column_names, " / "));
  for (const std::string& note : table.footnotes) out.push_back(note);
  return out;
}

std::string escaped_latex(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string("&%$#_{}").find(c) != std::string::npos) out += '\\';
    if (c == '\\')
      out += "\\textbackslash{}";
    else if (c == '~')
      out += "\\textasciitilde{}";
    else if (c == '^')
      out += "\\textasciicircum{}";
    else
      out += c;
  }
  return out;
}

std::string escaped_markdown(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

}  // namespace

std::string terminal(const Table& table, bool colour) {
  const Grid grid = grid_of(table, " ± ");
  const std::size_t columns = grid.head.back().size();
  std::vector<std::size_t> widths(columns);
  for (std::size_t c = 0; c < columns; ++c) {
    widths[c] = width_of(grid.head.back()[c]);
    for (const auto& line : grid.body) {
      const bool star = line[c].best && !colour;
      widths[c] = std::max(widths[c], width_of(line[c].text) + (star ? 1 : 0));
    }
  }
  const auto pad = [&](const std::string& text, std::size_t c, std::size_t width) {
    const std::string space(width > width_of(text) ? width - width_of(text) : 0, ' ');
    return c < grid.labels ? text + space : space + text;
  };
  std::string out = table.title.empty() ? "" : table.title + "\n\n";
  if (grid.head.size() > 1) {
    std::string top;
    std::size_t room = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      if (!grid.head[0][c].empty()) {
        top.resize(std::max(top.size() + (top.empty() ? 0 : 2), room), ' ');
        top += grid.head[0][c];
      }
      room += widths[c] + 2;
    }
    out += top + "\n";
  }
  std::size_t total = 0;
  for (std::size_t c = 0; c < columns; ++c) {
    out += (c ? "  " : "") + pad(grid.head.back()[c], c, widths[c]);
    total += widths[c] + (c ? 2 : 0);
  }
  out += "\n";
  for (std::size_t i = 0; i < total; ++i) out += "─";
  out += "\n";
  for (const auto& line : grid.body) {
    std::string text;
    for (std::size_t c = 0; c < columns; ++c) {
      const bool star = line[c].best && !colour;
      std::string cell = pad(line[c].text + (star ? "*" : ""), c, widths[c]);
      if (line[c].best && colour) cell = "\033[1m" + cell + "\033[0m";
      text += (c ? "  " : "") + cell;
    }
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
  for (const std::string& note : notes_of(table)) out += "\n" + note;
  bool any_best = false;
  for (const auto& line : grid.body)
    for (const Shown& cell : line) any_best = any_best || cell.best;
  if (any_best && !colour) out += "\n* best of its column";
  return out + "\n";
}

std::string markdown(const Table& table) {
  const Grid grid = grid_of(table, " ± ");
  std::string out = table.title.empty() ? "" : "**" + table.title + "**\n\n";
  std::string rule = "|";
  out += "|";
  for (std::size_t c = 0; c < grid.head.back().size(); ++c) {
    const bool split = grid.head.size() > 1 && c >= grid.labels;
    const std::size_t per = std::max<std::size_t>(1, table.columns.size());
    const std::string value = split ? table.values[(c - grid.labels) / per].name + " " : "";
    out += " " + escaped_markdown(value + grid.head.back()[c]) + " |";
    rule += c < grid.labels ? " --- |" : " ---: |";
  }
  out += "\n" + rule + "\n";
  for (const auto& line : grid.body) {
    out += "|";
    for (const Shown& cell : line)
      out += " " +
             (cell.best ? "**" + escaped_markdown(cell.text) + "**" : escaped_markdown(cell.text)) +
             " |";
    out += "\n";
  }
  for (const std::string& note : notes_of(table)) out += "\n" + note + "  ";
  return out + "\n";
}

std::string latex(const Table& table) {
  const Grid grid = grid_of(table, " \\pm ");
  std::string out = "% needs \\usepackage{booktabs}\n\\begin{tabular}{" +
                    std::string(grid.labels, 'l') +
                    std::string(grid.head.back().size() - grid.labels, 'r') + "}\n\\toprule\n";
  const std::size_t per = std::max<std::size_t>(1, table.columns.size());
  if (grid.head.size() > 1) {
    out += std::string(grid.labels ? grid.labels - 1 : 0, '&');
    for (const Table::Value& value : table.values)
      out += " & \\multicolumn{" + std::to_string(per) + "}{c}{" + escaped_latex(value.name) + "}";
    out += " \\\\\n";
  }
  for (std::size_t c = 0; c < grid.head.back().size(); ++c)
    out += (c ? " & " : "") + escaped_latex(grid.head.back()[c]);
  out += " \\\\\n\\midrule\n";
  for (const auto& line : grid.body) {
    for (std::size_t c = 0; c < line.size(); ++c) {
      std::string cell = c < grid.labels ? escaped_latex(line[c].text) : line[c].text;
      const std::size_t dagger = cell.find("†");
      if (dagger != std::string::npos) cell.replace(dagger, std::string("†").size(), "^{\\dagger}");
      if (cell.rfind("–", 0) == 0) cell.replace(0, std::string("–").size(), "\\text{--}");
      if (c >= grid.labels) cell = "$" + (line[c].best ? "\\mathbf{" + cell + "}" : cell) + "$";
      out += (c ? " & " : "") + cell;
    }
    out += " \\\\\n";
  }
  out += "\\bottomrule\n\\end{tabular}\n";
  for (const std::string& note : notes_of(table)) out += "% " + note + "\n";
  return out;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string csv(const Table& table) {
  std::string out;
  for (const auto& name : table.row_names) out += csv_field(name) + ",";
  for (const auto& name : table.column_names) out += csv_field(name) + ",";
  out += "metric,mean,sd,n,failed,missing\n";
  const std::size_t columns = std::max<std::size_t>(1, table.columns.size());
  for (std::size_t v = 0; v < table.values.size(); ++v) {
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        const Table::Entry& entry = table.entries[v][r][c];
        for (const auto& label : table.rows[r]) out += csv_field(label) + ",";
        if (c < table.columns.size())
          for (const auto& label : table.columns[c]) out += csv_field(label) + ",";
        const bool any = entry.summary.count > 0;
        out += csv_field(table.values[v].name) + "," +
               (any ? number_text(entry.summary.mean) : "") + "," +
               (entry.summary.count > 1 ? number_text(entry.summary.deviation) : "") + "," +
               std::to_string(entry.summary.count) + "," + std::to_string(entry.failed) + "," +
               std::to_string(entry.missing) + "\n";
      }
    }
  }
  return out;
}

std::string json(const Table& table) {
  nlohmann::ordered_json out;
  out["title"] = table.title;
  out["rows"] = table.row_names;
  out["columns"] = table.column_names;
  out["entries"] = nlohmann::ordered_json::array();
  const std::size_t columns = std::max<std::size_t>(1, table.columns.size());
  for (std::size_t v = 0; v < table.values.size(); ++v) {
    const auto marks = best_marks(table, v);
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        const Table::Entry& entry = table.entries[v][r][c];
        nlohmann::ordered_json item;
        item["row"] = table.rows[r];
        item["column"] = c < table.columns.size() ? table.columns[c] : std::vector<std::string>();
        item["metric"] = table.values[v].name;
        if (entry.summary.count > 0) item["mean"] = entry.summary.mean;
        if (entry.summary.count > 1) item["sd"] = entry.summary.deviation;
        item["n"] = entry.summary.count;
        item["failed"] = entry.failed;
        item["missing"] = entry.missing;
        item["best"] = marks[r][c] != 0;
        out["entries"].push_back(std::move(item));
      }
    }
  }
  out["notes"] = notes_of(table);
  return out.dump(2) + "\n";
}

}  // namespace assay::report
