#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "components/datasets/dataset.h"

namespace assay {

// The character that follows the last of a window, or each of them.
enum class NextLabels { kLast, kEach };
inline constexpr std::string_view kNextLabelsNames[] = {"last", "each"};

// Characters of UTF-8 text. A byte that continues nothing is one by itself at the start, and
// belongs to the one before it elsewhere.
std::vector<std::string_view> split_characters(std::string_view text);

// Windows of `context` tokens from `stride` to `stride`, with the tokens that follow as labels.
Examples next_token_windows(std::span<const std::int32_t> tokens, int context, int stride,
                            NextLabels labels);

}  // namespace assay
