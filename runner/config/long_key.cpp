// Divides the text as TOML does, into strings, comments and the rest; in the rest, dots between two
// of = , { } [ ] and line ends belong to one key (or to one number). Where the text is no TOML the
// two may disagree, but only behind the place where toml++ gives up.
#include "runner/config/long_key.h"

#include <algorithm>
#include <string>

namespace assay::config {

namespace {

constexpr int kMostParts = 30;

// Behind the string that begins at `at`.
std::size_t skip_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const bool block = text.substr(at, 3) == std::string(3, quote);
  std::size_t quotes = 0;
  for (at += block ? 3 : 1; at < text.size(); ++at) {
    if (!block && text[at] == '\n') return at;  // it has no end
    if (quote == '"' && text[at] == '\\') {
      ++at;
      quotes = 0;
      continue;
    }
    quotes = text[at] == quote ? quotes + 1 : 0;
    if (quotes < (block ? 3U : 1U)) continue;
    ++at;
    // A block may end in one or two quotes of its own.
    for (int more = 0; block && more < 2 && at < text.size() && text[at] == quote; ++more) ++at;
    return at;
  }
  return text.size();
}

}  // namespace

std::size_t find_long_key(std::string_view text) {
  int dots = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = skip_string(text, at);
      continue;
    }
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '.' && ++dots == kMostParts) return at;
    if (std::string_view("=,{}[]\n").find(c) != std::string_view::npos) dots = 0;
    ++at;
  }
  return std::string_view::npos;
}

}  // namespace assay::config
