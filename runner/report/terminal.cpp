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

class Drawing {
 public:
  Drawing(const Table& table, bool colour) : layout_(lay_out(table)), colour_(colour) {
    for (const std::string& name : layout_.head) widths_.push_back(width_of(name));
    for (std::size_t r = 0; r < layout_.numbers.size(); ++r)
      for (std::size_t c = 0; c < widths_.size(); ++c)
        widths_[c] = std::max(widths_[c], width_of(text(r, c)));
    // A value's name may be wider than its columns: the last of them makes room.
    for (std::size_t g = 0; g < layout_.groups.size(); ++g) {
      const std::size_t room = group_width(g), wanted = width_of(layout_.groups[g]);
      if (wanted > room) widths_[last_of(g)] += wanted - room;
    }
  }

  std::string draw(const std::string& title) const {
    std::string out = title.empty() ? "" : one_line(title) + "\n\n";
    if (!layout_.groups.empty()) out += trimmed(groups()) + "\n";
    std::string head;
    std::size_t total = 0;
    for (std::size_t c = 0; c < widths_.size(); ++c) {
      head += (c ? "  " : "") + padded(layout_.head[c], c);
      total += widths_[c] + (c ? 2 : 0);
    }
    out += trimmed(head) + "\n";
    for (std::size_t i = 0; i < total; ++i) out += "─";
    out += "\n";
    for (std::size_t r = 0; r < layout_.numbers.size(); ++r) out += row(r) + "\n";
    for (const std::string& note : layout_.notes) out += "\n" + note;
    if (layout_.any_best && !colour_) out += "\n* best of its column";
    return out + "\n";
  }

 private:
  static std::string trimmed(const std::string& line) {
    return line.substr(0, line.find_last_not_of(' ') + 1);
  }
  std::size_t last_of(std::size_t group) const {
    return layout_.labels + (group + 1) * layout_.per_value - 1;
  }
  std::size_t group_width(std::size_t group) const {
    std::size_t width = 2 * (layout_.per_value - 1);
    for (std::size_t c = 0; c < layout_.per_value; ++c) width += widths_[last_of(group) - c];
    return width;
  }
  std::string text(std::size_t r, std::size_t c) const {
    if (c < layout_.labels) return layout_.labelled[r][c];
    const Shown& shown = layout_.numbers[r][c - layout_.labels];
    return plain(shown) + (shown.best && !colour_ ? "*" : "");
  }
  std::string padded(const std::string& text, std::size_t c) const {
    const std::string space = spaces(widths_[c], text);
    return c < layout_.labels ? text + space : space + text;
  }
  std::string groups() const {
    std::string out;
    for (std::size_t c = 0; c < layout_.labels; ++c) out += std::string(widths_[c] + 2, ' ');
    for (std::size_t g = 0; g < layout_.groups.size(); ++g)
      out += layout_.groups[g] + spaces(group_width(g) + 2, layout_.groups[g]);
    return out;
  }
  std::string row(std::size_t r) const {
    std::string out;
    for (std::size_t c = 0; c < widths_.size(); ++c) {
      const bool bold =
          colour_ && c >= layout_.labels && layout_.numbers[r][c - layout_.labels].best;
      const std::string cell = padded(text(r, c), c);
      out += (c ? "  " : "") + (bold ? "\033[1m" + cell + "\033[0m" : cell);
    }
    return trimmed(out);
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
