#include "components/nn/name_patterns.h"

#include <stdexcept>

#include "runner/registry/diagnostics.h"

namespace assay::nn {

bool matches(std::string_view name, std::string_view pattern) {
  // Where the last `*` may still take one character more: its place, and that in the name.
  std::size_t star = std::string_view::npos, taken = 0;
  std::size_t at = 0, in = 0;
  while (at < name.size()) {
    if (in < pattern.size() && pattern[in] == '*') {
      star = in++;
      taken = at;
    } else if (in < pattern.size() && pattern[in] == name[at]) {
      ++in;
      ++at;
    } else if (star != std::string_view::npos) {
      in = star + 1;
      at = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in) == std::string_view::npos;
}

namespace {

// The name nearest to what a pattern says besides `*`: by its beginning, or its end where the
// pattern begins with `*`, a character longer or shorter than that is.
std::string advice(std::string_view pattern, std::span<const std::string> names) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return suggestion(pattern, names);
  const std::string_view said =
      star == 0 ? pattern.substr(pattern.rfind('*') + 1) : pattern.substr(0, star);
  std::vector<std::string> parts;
  for (const std::string& name : names)
    for (const std::size_t longer : {1, 0, 2}) {
      const std::size_t size = std::min(said.size() + longer, name.size() + 1) - 1;
      parts.push_back(star == 0 ? name.substr(name.size() - size) : name.substr(0, size));
    }
  const std::string near = said.empty() ? std::string() : nearest(said, parts);
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (!near.empty() && parts[i] == near) return "; did you mean \"" + names[i / 3] + "\"?";
  return {};
}

}  // namespace

std::vector<bool> selected(std::span<const std::string> names,
                           std::span<const std::string> patterns, std::string_view what) {
  std::vector<bool> out(names.size(), false);
  for (const std::string& pattern : patterns) {
    bool any = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!matches(names[i], pattern)) continue;
      out[i] = any = true;
    }
    if (any) continue;
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    const std::string near = advice(pattern, names);
    throw std::runtime_error(std::string(what) + " \"" + pattern + "\"" + near +
                             (near.empty() ? "; there are " + all : ""));
  }
  return out;
}

}  // namespace assay::nn
