#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::nn {

// Whether a name is the pattern, in which each `*` stands for any characters, or none.
bool matches(std::string_view name, std::string_view pattern);

// For each name whether one of the patterns matches it. Throws std::runtime_error for a pattern
// that matches none, naming the nearest: `freeze: no parameter "hiden1.*"; did you mean
// "hidden1.weight"?`, with what = "freeze: no parameter".
std::vector<bool> selected(std::span<const std::string> names,
                           std::span<const std::string> patterns, std::string_view what);

}  // namespace assay::nn
