// Tables for Markdown.
#include "runner/report/layout.h"

namespace assay::report {

namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_[]<>|").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// The bracket of an interval would be that of a link.
std::string number(const Shown& shown) {
  std::string out = escaped(plain(shown));
  if (shown.best) out = "**" + out + "**";
  if (shown.tied) out = "<u>" + out + "</u>";
  if (!shown.marks.empty()) out += "<sup>" + shown.marks + "</sup>";
  return out;
}

std::string head_of(const Layout& layout, std::size_t column) {
  const auto& one = layout.columns[column];
  std::string out = one.paper ? one.within + " (paper)" : one.head;
  for (const auto& group : layout.groups)
    if (group.first <= column && column < group.first + group.count) out = group.name + " " + out;
  return escaped(out);
}

}  // namespace

std::string markdown(const Table& table) {
  const Layout layout = lay_out(table);
  std::string out = table.title.empty() ? "" : "**" + escaped(one_line(table.title)) + "**\n\n";
  std::string head = "|", rule = "|";
  for (const std::string& label : layout.labels) {
    head += " " + escaped(label) + " |";
    rule += " --- |";
  }
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    head += " " + head_of(layout, c) + " |";
    rule += " ---: |";
  }
  out += head + "\n" + rule + "\n";
  for (std::size_t r = 0; r < layout.numbers.size(); ++r) {
    out += "|";
    for (const std::string& label : layout.labelled[r]) out += " " + escaped(label) + " |";
    for (const Shown& shown : layout.numbers[r]) out += " " + number(shown) + " |";
    out += "\n";
  }
  std::vector<std::string> notes;
  for (const std::string& note : layout.notes) notes.push_back(escaped(note));
  for (const auto& [mark, text] : layout.footnotes)
    notes.push_back("<sup>" + mark + "</sup> " + escaped(text));
  if (!layout.legend.best.empty()) notes.push_back("**bold**: " + escaped(layout.legend.best));
  if (!layout.legend.tied.empty())
    notes.push_back("<u>underlined</u>: " + escaped(layout.legend.tied));
  if (!layout.legend.rest.empty()) notes.push_back(escaped(layout.legend.rest));
  for (const std::string& note : notes) out += "\n" + note + "  ";
  return out + "\n";
}

}  // namespace assay::report
