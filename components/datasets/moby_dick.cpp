// Moby Dick, character by character: windows of `context` characters, and as labels the character
// that follows the window or those that follow each of its characters.
// Train, valid and test are consecutive parts of the text (80%, 10%, 10%), so that no window of one
// overlaps another. The 83 characters of the whole text are the vocabulary, so that it
// does not depend on how much is used.
#include "components/datasets/dataset.h"

namespace assay::datasets {
namespace {

struct MobyDick final : Dataset {
  enum class Labels { kLast, kEach };
  static constexpr Info kInfo{"moby-dick", 1, "Characters of Moby Dick.", "Herman Melville 1851"};
  int context = 8;
  int stride = 8;
  int characters = 400000;
  Labels labels = Labels::kLast;

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
    p.add("labels", &MobyDick::labels, {"last", "each"})
        .doc("The character after the last of a window, or after each.")
        .since(2);
  }

  std::string check() const override {
    if (context < characters / 10) return {};
    return "context = " + std::to_string(context) +
           " does not fit into a tenth of characters = " + std::to_string(characters) +
           ", which is the test part";
  }

  // Code points of UTF-8 text, as strings.
  static std::vector<std::string> split_characters(const std::string& text, std::size_t limit) {
    std::vector<std::string> out;
    for (const char c : text) {
      const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
      if (continues && !out.empty())
        out.back() += c;
      else if (out.size() == limit)
        break;
      else
        out.emplace_back(1, c);
    }
    return out;
  }

  Examples windows(const std::vector<std::int32_t>& ids, std::size_t from, std::size_t to) const {
    Examples out;
    const auto width = static_cast<std::size_t>(context);
    for (std::size_t i = from; i + width < to; i += static_cast<std::size_t>(stride)) {
      out.tokens.insert(out.tokens.end(), ids.begin() + static_cast<std::ptrdiff_t>(i),
                        ids.begin() + static_cast<std::ptrdiff_t>(i + width));
      for (std::size_t j = labels == Labels::kLast ? width : 1; j <= width; ++j)
        out.labels.push_back(ids[i + j]);
      ++out.count;
    }
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    const std::string text = read_dataset_file("moby_dick.txt.gz");
    const auto all = split_characters(text, text.size());
    std::map<std::string, std::int32_t> ids;
    for (const auto& c : all) ids.emplace(c, 0);
    auto out = std::make_shared<Data>();
    for (auto& [c, id] : ids) {
      id = static_cast<std::int32_t>(out->symbols.size());
      out->symbols.push_back(c);
    }
    std::vector<std::int32_t> sequence;
    for (std::size_t i = 0; i < std::min(all.size(), static_cast<std::size_t>(characters)); ++i)
      sequence.push_back(ids[all[i]]);
    const int size = static_cast<int>(ids.size());
    out->name = "moby-dick";
    out->format = {true, context, size, labels == Labels::kLast ? 1 : context, size};
    const std::size_t n = sequence.size();
    out->train = windows(sequence, 0, n * 8 / 10);
    out->valid = windows(sequence, n * 8 / 10, n * 9 / 10);
    out->test = windows(sequence, n * 9 / 10, n);
    return out;
  }
};
ASSAY_REGISTER(Dataset, MobyDick);

}  // namespace
}  // namespace assay::datasets
