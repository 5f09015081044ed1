// Tables for LaTeX, with booktabs.
#include "runner/report/latex_text.h"
#include "runner/report/layout.h"

namespace assay::report {

namespace {

std::string raised(const std::string& marks) {
  return marks.empty() ? "" : "\\textsuperscript{" + marks + "}";
}

// Marks stand in the space between columns, so that numbers stay below each other.
std::string beside(const std::string& marks) {
  return marks.empty() ? "" : "\\rlap{" + raised(marks) + "}";
}

std::string number(const Shown& shown) {
  if (shown.mean.empty()) return (shown.blank ? "" : "--") + beside(shown.marks);
  std::string text = shown.mean;
  if (!shown.spread.empty()) text += (shown.bracketed ? "\\ " : " \\pm ") + shown.spread;
  if (shown.exponent)
    text = (shown.spread.empty() ? text : "(" + text + ")") + " \\times 10^{" +
           std::to_string(shown.exponent) + "}";
  if (shown.best) text = "\\mathbf{" + text + "}";
  if (shown.tied) text = "\\underline{" + text + "}";
  if (shown.other_count) text += "\\;(n=" + std::to_string(shown.other_count) + ")";
  return "$" + text + "$" + beside(shown.marks);
}

std::string groups(const Layout& layout) {
  const std::size_t labels = layout.labels.size();
  std::string names, rules;
  for (std::size_t g = 0; g < layout.groups.size(); ++g) {
    const auto& group = layout.groups[g];
    const std::size_t first = labels + group.first + 1;
    if (labels > 0 || g > 0) names += " & ";
    names +=
        "\\multicolumn{" + std::to_string(group.count) + "}{c}{" + latex_text(group.name) + "}";
    rules += "\\cmidrule(lr){" + std::to_string(first) + "-" +
             std::to_string(first + group.count - 1) + "}";
  }
  return std::string(labels > 0 ? labels - 1 : 0, '&') + names + " \\\\\n" + rules + "\n";
}

std::string tabular(const Layout& layout) {
  std::string out = "\\begin{tabular}{" + std::string(layout.labels.size(), 'l') +
                    std::string(layout.columns.size(), 'r') + "}\n\\toprule\n";
  if (!layout.groups.empty()) out += groups(layout);
  std::vector<std::string> cells;
  for (const std::string& label : layout.labels) cells.push_back(latex_text(label));
  for (const auto& column : layout.columns) cells.push_back(latex_text(column.head));
  out += join(cells, " & ") + " \\\\\n\\midrule\n";
  for (std::size_t r = 0; r < layout.numbers.size(); ++r) {
    cells.clear();
    for (const std::string& label : layout.labelled[r]) cells.push_back(latex_text(label));
    for (const Shown& shown : layout.numbers[r]) cells.push_back(number(shown));
    out += join(cells, " & ") + " \\\\\n";
  }
  return out + "\\bottomrule\n\\end{tabular}\n";
}

std::string notes(const Layout& layout, bool centred) {
  std::vector<std::string> lines;
  for (const std::string& note : layout.notes) lines.push_back(latex_text(note));
  for (const auto& [mark, text] : layout.footnotes)
    lines.push_back(raised(mark) + " " + latex_text(text));
  const auto& legend = layout.legend;
  if (!legend.best.empty()) lines.push_back("\\textbf{Bold}: " + latex_text(legend.best));
  if (!legend.tied.empty()) lines.push_back("\\underline{Underlined}: " + latex_text(legend.tied));
  if (!legend.rest.empty()) lines.push_back(latex_text(legend.rest));
  std::string out;
  for (const std::string& line : lines)
    out += std::string("\n{\\footnotesize") + (centred ? "\\raggedright " : "\\noindent ") + line +
           "\\par}\n";
  return out;
}

}  // namespace

std::string latex(const Table& table) {
  const Layout layout = lay_out(table);
  std::string out = "% needs \\usepackage{booktabs}\n";
  if (!table.title.empty()) out += "% " + one_line(table.title) + "\n";
  if (table.caption.empty() && table.label.empty())
    return out + tabular(layout) + notes(layout, false);
  const std::string caption = table.caption.empty() ? table.title : table.caption;
  out += "\\begin{table}\n\\centering\n\\caption{" + latex_text(one_line(caption)) + "}\n";
  if (!table.label.empty()) out += "\\label{" + table.label + "}\n";
  out += "\\smallskip\n";
  return out + tabular(layout) + notes(layout, true) + "\\end{table}\n";
}

}  // namespace assay::report
