// Tables for documents: Markdown and LaTeX.
#include <map>

#include "runner/report/layout.h"

namespace assay::report {

namespace {

std::string escaped_markdown(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_[]<>|").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string escaped_latex(const std::string& text) {
  static const std::map<char, std::string> kWords = {{'\\', "\\textbackslash{}"},
                                                     {'~', "\\textasciitilde{}"},
                                                     {'^', "\\textasciicircum{}"},
                                                     {'<', "\\textless{}"},
                                                     {'>', "\\textgreater{}"},
                                                     {'|', "\\textbar{}"},
                                                     {'"', "''"}};
  std::string out;
  for (const char c : text) {
    const auto word = kWords.find(c);
    if (word != kWords.end()) {
      out += word->second;
      continue;
    }
    if (std::string_view("&%$#_{}").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string latex_number(const Shown& shown) {
  const std::string mark = shown.failed ? "^{\\dagger}" : "";
  if (shown.mean.empty()) return "--" + (mark.empty() ? "" : "$" + mark + "$");
  std::string text = shown.mean;
  if (!shown.deviation.empty()) text += " \\pm " + shown.deviation;
  if (shown.exponent)
    text = (shown.deviation.empty() ? text : "(" + text + ")") + " \\times 10^{" +
           std::to_string(shown.exponent) + "}";
  if (shown.best) text = "\\mathbf{" + text + "}";
  if (shown.other_count) text += "\\;(n=" + std::to_string(shown.other_count) + ")";
  return "$" + text + mark + "$";
}

std::string latex_groups(const Layout& layout) {
  std::string names, rules;
  for (std::size_t g = 0; g < layout.groups.size(); ++g) {
    const std::size_t first = layout.labels + g * layout.per_value + 1;
    if (layout.labels > 0 || g > 0) names += " & ";
    names += "\\multicolumn{" + std::to_string(layout.per_value) + "}{c}{" +
             escaped_latex(layout.groups[g]) + "}";
    rules += "\\cmidrule(lr){" + std::to_string(first) + "-" +
             std::to_string(first + layout.per_value - 1) + "}";
  }
  return std::string(layout.labels > 0 ? layout.labels - 1 : 0, '&') + names + " \\\\\n" + rules +
         "\n";
}

}  // namespace

std::string markdown(const Table& table) {
  const Layout layout = lay_out(table);
  std::string out =
      table.title.empty() ? "" : "**" + escaped_markdown(one_line(table.title)) + "**\n\n";
  std::string head = "|", rule = "|";
  for (std::size_t c = 0; c < layout.head.size(); ++c) {
    const bool label = c < layout.labels;
    std::string name = layout.head[c];
    if (!label && !layout.groups.empty())
      name = layout.groups[(c - layout.labels) / layout.per_value] + " " + name;
    head += " " + escaped_markdown(name) + " |";
    rule += label ? " --- |" : " ---: |";
  }
  out += head + "\n" + rule + "\n";
  for (std::size_t r = 0; r < layout.numbers.size(); ++r) {
    out += "|";
    for (const std::string& label : layout.labelled[r]) out += " " + escaped_markdown(label) + " |";
    for (const Shown& shown : layout.numbers[r])
      out += (shown.best ? " **" + plain(shown) + "**" : " " + plain(shown)) + " |";
    out += "\n";
  }
  for (const std::string& note : layout.notes) out += "\n" + escaped_markdown(note) + "  ";
  return out + "\n";
}

std::string latex(const Table& table) {
  const Layout layout = lay_out(table);
  std::string out = "% needs \\usepackage{booktabs}\n";
  if (!table.title.empty()) out += "% " + one_line(table.title) + "\n";
  out += "\\begin{tabular}{" + std::string(layout.labels, 'l') +
         std::string(layout.head.size() - layout.labels, 'r') + "}\n\\toprule\n";
  if (!layout.groups.empty()) out += latex_groups(layout);
  std::vector<std::string> cells;
  for (const std::string& name : layout.head) cells.push_back(escaped_latex(name));
  out += join(cells, " & ") + " \\\\\n\\midrule\n";
  for (std::size_t r = 0; r < layout.numbers.size(); ++r) {
    cells.clear();
    for (const std::string& label : layout.labelled[r]) cells.push_back(escaped_latex(label));
    for (const Shown& shown : layout.numbers[r]) cells.push_back(latex_number(shown));
    out += join(cells, " & ") + " \\\\\n";
  }
  out += "\\bottomrule\n\\end{tabular}\n";
  for (const std::string& note : layout.notes)
    out += "\n{\\footnotesize " + escaped_latex(note) + "\\par}\n";
  return out;
}

}  // namespace assay::report
