#include "components/datasets/characters.h"

namespace assay {

std::vector<std::string_view> split_characters(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t from = 0, i = 1; from < text.size(); ++i) {
    const bool continues = i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
    if (continues) continue;
    out.push_back(text.substr(from, i - from));
    from = i;
  }
  return out;
}

Examples next_token_windows(std::span<const std::int32_t> tokens, int context, int stride,
                            NextLabels labels) {
  Examples out;
  const auto width = static_cast<std::size_t>(context);
  for (std::size_t i = 0; i + width < tokens.size(); i += static_cast<std::size_t>(stride)) {
    const auto window = tokens.subspan(i, width);
    out.tokens.insert(out.tokens.end(), window.begin(), window.end());
    for (std::size_t j = labels == NextLabels::kLast ? width : 1; j <= width; ++j)
      out.labels.push_back(tokens[i + j]);
    ++out.count;
  }
  return out;
}

}  // namespace assay
