// A text of one's own, character by character: windows of `context` characters, and as labels the
// characters that follow. Train, valid and test are consecutive parts. The vocabulary is that of
// the training part, ordered by bytes; a character that is met for the first time later becomes one
// further symbol (U+FFFD), is left out, or is an error.
#include <map>

#include "components/datasets/characters.h"
#include "components/datasets/file.h"

namespace assay::datasets {
namespace {

struct Text final : Dataset {
  enum class Unknown { kSymbol, kDrop, kError };
  static constexpr Info kInfo{"text", 1, "Characters of a text of one's own."};
  static constexpr std::string_view kExample =
      "file = \"moby_dick.txt.gz\", characters = 2000, unknown = \"symbol\"";
  static constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string file;
  std::string sha256;
  int context = 32;
  int stride = 32;
  std::optional<int> characters;
  NextLabels labels = NextLabels::kLast;
  Unknown unknown = Unknown::kError;
  double valid = 0.1;
  double test = 0.1;

  static void params(Params<Text>& p) {
    add_file(p);
    p.add("context", &Text::context).range(1, 65536).unit("characters").doc("Of a window.");
    p.add("stride", &Text::stride)
        .range(1, 1e6)
        .unit("characters")
        .doc("From one window to the next.");
    p.add("characters", &Text::characters)
        .range(1, 1e9)
        .unit("characters")
        .doc("Used from the start; all where it is not given.");
    p.add("labels", &Text::labels, std::span(kNextLabelsNames))
        .doc("The character after the last of a window, or after each.");
    p.add("unknown", &Text::unknown, {"symbol", "drop", "error"})
        .doc("A character that the training part has not: one symbol for all, left out, an error.");
    p.add("valid", &Text::valid).range(0, 0.5).doc("Fraction of the text, before the test part.");
    p.add("test", &Text::test).range(0.001, 0.5).doc("Fraction of the text, the last part.");
  }
  std::string check() const override { return check_fractions(valid, test); }

  struct Vocabulary {
    std::map<std::string_view, std::int32_t> ids;
    std::vector<std::string> symbols;
    std::int32_t replacement = -1;
  };
  Vocabulary vocabulary_of(std::span<const std::string_view> train) const {
    Vocabulary out;
    for (const auto c : train) {
      if (c.front() == '\0') throw std::runtime_error(file + " has a NUL byte; is it text?");
      out.ids.emplace(c, 0);
    }
    for (auto& [c, id] : out.ids) {
      id = static_cast<std::int32_t>(out.symbols.size());
      out.symbols.emplace_back(c);
    }
    if (unknown != Unknown::kSymbol) return out;
    // The text itself may hold U+FFFD; then that is what unknown characters become.
    const auto [it, fresh] =
        out.ids.emplace(kReplacement, static_cast<std::int32_t>(out.symbols.size()));
    if (fresh) out.symbols.emplace_back(kReplacement);
    out.replacement = it->second;
    return out;
  }

  std::vector<std::int32_t> tokens_of(std::span<const std::string_view> part,
                                      const Vocabulary& vocabulary, std::string_view text) const {
    std::vector<std::int32_t> out;
    for (const auto c : part) {
      const auto it = vocabulary.ids.find(c);
      if (it != vocabulary.ids.end())
        out.push_back(it->second);
      else if (unknown == Unknown::kSymbol)
        out.push_back(vocabulary.replacement);
      else if (unknown == Unknown::kError)
        throw_unknown(c, text);
    }
    return out;
  }

  [[noreturn]] void throw_unknown(std::string_view c, std::string_view text) const {
    const std::string_view before =
        text.substr(0, static_cast<std::size_t>(c.data() - text.data()));
    const std::size_t start = before.rfind('\n') + 1;  // 0 on the first line
    const auto line = static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1;
    const auto column = static_cast<int>(split_characters(before.substr(start)).size()) + 1;
    throw_at(file, line, column,
             "\"" + std::string(c) +
                 "\" is not in the training part (unknown = \"symbol\" or \"drop\" allows it)");
  }

  std::shared_ptr<const Data> make() const override {
    const std::string text = read_user_file(file, sha256);
    const auto all = split_characters(text);
    std::span<const std::string_view> used(all);
    if (characters) used = used.first(std::min(used.size(), static_cast<std::size_t>(*characters)));
    const auto share = [&](double fraction) {
      return static_cast<std::size_t>(fraction * static_cast<double>(used.size()));
    };
    const std::size_t tests = share(test), valids = share(valid),
                      trains = used.size() - tests - valids;
    const Vocabulary vocabulary = vocabulary_of(used.first(trains));
    const auto windows = [&](std::size_t from, std::size_t count) {
      return next_token_windows(tokens_of(used.subspan(from, count), vocabulary, text), context,
                                stride, labels);
    };
    auto out = std::make_shared<Data>();
    out->name = "text";
    const auto size = static_cast<int>(vocabulary.symbols.size());
    out->format = {true, context, size, labels == NextLabels::kLast ? 1 : context, size};
    out->symbols = vocabulary.symbols;
    out->train = windows(0, trains);
    out->valid = windows(trains, valids);
    out->test = windows(trains + valids, tests);
    if (out->train.count == 0 || out->test.count == 0)
      throw std::runtime_error(file + ": " + std::to_string(used.size()) +
                               " characters are too few for windows of " + std::to_string(context) +
                               " in the training and the test part");
    return out;
  }
};
ASSAY_REGISTER(Dataset, Text);

}  // namespace
}  // namespace assay::datasets
