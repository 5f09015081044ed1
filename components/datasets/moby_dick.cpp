// Moby Dick, character by character: windows of `context` characters, and as labels the character
// that follows the window or those that follow each of its characters.
// Train, valid and test are consecutive parts of the text (80%, 10%, 10%), so that no window of one
// overlaps another. The 83 characters of the whole text are the vocabulary, so that it
// does not depend on how much is used.
#include "components/datasets/characters.h"

namespace assay::datasets {
namespace {

struct MobyDick final : Dataset {
  static constexpr Info kInfo{"moby-dick", 1, "Characters of Moby Dick.", "Herman Melville 1851"};
  int context = 8;
  int stride = 8;
  int characters = 400000;
  NextLabels labels = NextLabels::kLast;

  static void params(Params<MobyDick>& p) {
    p.add("context", &MobyDick::context)
        .range(1, 1024)
        .unit("characters")
        .doc("Seen before the next one.");
    p.add("stride", &MobyDick::stride)
        .range(1, 1e6)
        .unit("characters")
        .doc("From one window to the next.");
    p.add("characters", &MobyDick::characters)
        .range(1000, 1e7)
        .unit("characters")
        .doc("Used from the start of the text.");
    p.add("labels", &MobyDick::labels, std::span(kNextLabelsNames))
        .doc("The character after the last of a window, or after each.")
        .since(2);
  }

  std::string check() const override {
    if (context < characters / 10) return {};
    return "context = " + std::to_string(context) +
           " does not fit into a tenth of characters = " + std::to_string(characters) +
           ", which is the test part";
  }

  std::shared_ptr<const Data> make() const override {
    const std::string text = read_dataset_file("moby_dick.txt.gz");
    const auto all = split_characters(text);
    std::map<std::string_view, std::int32_t> ids;
    for (const auto& c : all) ids.emplace(c, 0);
    auto out = std::make_shared<Data>();
    for (auto& [c, id] : ids) {
      id = static_cast<std::int32_t>(out->symbols.size());
      out->symbols.emplace_back(c);
    }
    std::vector<std::int32_t> sequence;
    for (std::size_t i = 0; i < std::min(all.size(), static_cast<std::size_t>(characters)); ++i)
      sequence.push_back(ids[all[i]]);
    const int size = static_cast<int>(ids.size());
    out->name = "moby-dick";
    out->format = {true, context, size, labels == NextLabels::kLast ? 1 : context, size};
    const std::size_t n = sequence.size();
    const std::span<const std::int32_t> tokens(sequence);
    const auto windows = [&](std::size_t from, std::size_t to) {
      return next_token_windows(tokens.subspan(from, to - from), context, stride, labels);
    };
    out->train = windows(0, n * 8 / 10);
    out->valid = windows(n * 8 / 10, n * 9 / 10);
    out->test = windows(n * 9 / 10, n);
    return out;
  }
};
ASSAY_REGISTER(Dataset, MobyDick);

}  // namespace
}  // namespace assay::datasets
