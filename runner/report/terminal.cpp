// Tables for terminals.
#include <map>

#include "runner/report/layout.h"

namespace assay::report {

namespace {

struct Span {
  char32_t first, last;
};

// Code points that take no column, and those that take two (East Asian wide, emoji).
constexpr Span kNarrow[] = {{0x300, 0x36F}, {0x200B, 0x200F}, {0xFE00, 0xFE0F}};
constexpr Span kWide[] = {{0x1100, 0x115F}, {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},
                          {0xF900, 0xFAFF}, {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                          {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}};

std::size_t columns_of(char32_t point) {
  const auto inside = [&](const Span& span) { return span.first <= point && point <= span.last; };
  if (std::any_of(std::begin(kNarrow), std::end(kNarrow), inside)) return 0;
  return std::any_of(std::begin(kWide), std::end(kWide), inside) ? 2 : 1;
}

std::size_t width_of(const std::string& text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    char32_t point = lead < 0xC0   ? lead
                     : lead < 0xE0 ? lead & 0x1F
                     : lead < 0xF0 ? lead & 0xF
                                   : lead & 7;
    while (i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80)
      point = point << 6 | (static_cast<unsigned char>(text[i++]) & 0x3F);
    width += columns_of(point);
  }
  return width;
}

std::string spaces(std::size_t wanted, const std::string& text) {
  const std::size_t width = width_of(text);
  return std::string(wanted > width ? wanted - width : 0, ' ');
}

// Letters as they are raised in Unicode.
std::string raised(const std::string& marks) {
  static const std::map<char, const char*> kRaised = {
      {'a', "ᵃ"}, {'b', "ᵇ"}, {'c', "ᶜ"}, {'d', "ᵈ"}, {'e', "ᵉ"}, {'f', "ᶠ"}, {'g', "ᵍ"},
      {'h', "ʰ"}, {'i', "ⁱ"}, {'j', "ʲ"}, {'k', "ᵏ"}, {'l', "ˡ"}, {'m', "ᵐ"}, {'n', "ⁿ"},
      {'o', "ᵒ"}, {'p', "ᵖ"}, {'r', "ʳ"}, {'s', "ˢ"}, {'t', "ᵗ"}, {'u', "ᵘ"}, {'v', "ᵛ"},
      {'w', "ʷ"}, {'x', "ˣ"}, {'y', "ʸ"}, {'z', "ᶻ"}};
  std::string out;
  for (const char c : marks) {
    const auto letter = kRaised.find(c);
    out += letter == kRaised.end() ? std::string(1, c) : letter->second;
  }
  return out;
}

std::string trimmed(const std::string& line) {
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

class Drawing {
 public:
  Drawing(const Table& table, bool colour) : layout_(lay_out(table)), colour_(colour) {
    for (const std::string& name : layout_.labels) widths_.push_back(width_of(name));
    for (const auto& column : layout_.columns) widths_.push_back(width_of(column.head));
    for (std::size_t r = 0; r < layout_.numbers.size(); ++r)
      for (std::size_t c = 0; c < widths_.size(); ++c)
        widths_[c] = std::max(widths_[c], width_of(text(r, c)));
    // A value's name may be wider than its columns: the last of them makes room.
    for (const auto& group : layout_.groups) {
      const std::size_t room = width_of_group(group), wanted = width_of(group.name);
      if (wanted > room)
        widths_[layout_.labels.size() + group.first + group.count - 1] += wanted - room;
    }
  }

  std::string draw(const std::string& title) const {
    std::string out = title.empty() ? "" : one_line(title) + "\n\n";
    if (!layout_.groups.empty()) out += trimmed(groups()) + "\n";
    std::string head;
    std::size_t total = 0;
    for (std::size_t c = 0; c < widths_.size(); ++c) {
      head += (c ? "  " : "") + padded(head_of(c), c);
      total += widths_[c] + (c ? 2 : 0);
    }
    out += trimmed(head) + "\n";
    for (std::size_t i = 0; i < total; ++i) out += "─";
    out += "\n";
    for (std::size_t r = 0; r < layout_.numbers.size(); ++r) out += row(r) + "\n";
    return out + notes() + "\n";
  }

 private:
  bool is_label(std::size_t c) const { return c < layout_.labels.size(); }
  const Shown& shown(std::size_t r, std::size_t c) const {
    return layout_.numbers[r][c - layout_.labels.size()];
  }
  std::string head_of(std::size_t c) const {
    return is_label(c) ? layout_.labels[c] : layout_.columns[c - layout_.labels.size()].head;
  }
  std::size_t width_of_group(const Layout::Group& group) const {
    std::size_t width = 2 * (group.count - 1);
    for (std::size_t c = 0; c < group.count; ++c)
      width += widths_[layout_.labels.size() + group.first + c];
    return width;
  }
  std::string text(std::size_t r, std::size_t c) const {
    if (is_label(c)) return layout_.labelled[r][c];
    const Shown& number = shown(r, c);
    const char* mark = colour_ ? "" : number.best ? "*" : number.tied ? "~" : "";
    return plain(number) + raised(number.marks) + mark;
  }
  std::string padded(const std::string& text, std::size_t c) const {
    const std::string space = spaces(widths_[c], text);
    return is_label(c) ? text + space : space + text;
  }
  std::string groups() const {
    std::string out;
    for (std::size_t c = 0; c < layout_.labels.size(); ++c) out += std::string(widths_[c] + 2, ' ');
    for (const auto& group : layout_.groups)
      out += group.name + spaces(width_of_group(group) + 2, group.name);
    return out;
  }
  std::string row(std::size_t r) const {
    std::string out;
    for (std::size_t c = 0; c < widths_.size(); ++c) {
      const std::string space = spaces(widths_[c], text(r, c));
      std::string cell = text(r, c);
      if (colour_ && !is_label(c) && shown(r, c).best) cell = "\033[1m" + cell + "\033[0m";
      if (colour_ && !is_label(c) && shown(r, c).tied) cell = "\033[4m" + cell + "\033[0m";
      out += (c ? "  " : "") + (is_label(c) ? cell + space : space + cell);
    }
    return trimmed(out);
  }
  std::string notes() const {
    std::string out;
    for (const std::string& note : layout_.notes) out += "\n" + note;
    for (const auto& [mark, text] : layout_.footnotes) out += "\n" + raised(mark) + " " + text;
    const auto& legend = layout_.legend;
    if (!legend.best.empty()) out += (colour_ ? "\nbold: " : "\n* ") + legend.best;
    if (!legend.tied.empty()) out += (colour_ ? "\nunderlined: " : "\n~ ") + legend.tied;
    if (!legend.rest.empty()) out += "\n" + legend.rest;
    return out;
  }

  Layout layout_;
  bool colour_;
  std::vector<std::size_t> widths_;
};

}  // namespace

std::string terminal(const Table& table, bool colour) {
  return Drawing(table, colour).draw(table.title);
}

}  // namespace assay::report
