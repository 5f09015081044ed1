// The copying task (Arjovsky et al. 2016, section 5.1): `length` symbols, delay - 1 blanks, a sign
// to begin, and `length` blanks during which the symbols are to be given in their order. Tokens: 0
// blank, 1 … symbols, then the sign. Where nothing is to be copied there is no label (-1); in the
// paper the blank is, which anything learns at once and which thins out the loss.
#include "components/datasets/dataset.h"

namespace assay::datasets {
namespace {

struct Copying final : Dataset {
  static constexpr Info kInfo{"copying", 1, "Symbols to be repeated after a delay.",
                              "Arjovsky et al. 2016, arXiv:1511.06464, section 5.1"};
  int length = 10;
  int symbols = 8;
  int delay = 20;
  int examples = 8000;
  int draw = 0;

  static void params(Params<Copying>& p) {
    p.add("length", &Copying::length)
        .range(1, 10000)
        .unit("symbols")
        .doc("To copy.")
        .source("Arjovsky et al. 2016, section 5.1");
    p.add("symbols", &Copying::symbols)
        .range(2, 10000)
        .unit("symbols")
        .doc("That exist.")
        .source("Arjovsky et al. 2016, section 5.1");
    p.add("delay", &Copying::delay)
        .range(1, 100000)
        .unit("positions")
        .doc("Between the last symbol and the sign, the sign included (100 to 500 in the paper).");
    p.add("examples", &Copying::examples)
        .range(10, 1e7)
        .unit("examples")
        .doc("80% train, 10% valid, 10% test.");
    p.add("draw", &Copying::draw).at_least(0).doc("Which of the seeded draws.");
  }

  Examples make_split(int count, Stream stream) const {
    Examples out;
    out.count = count;
    const auto n = static_cast<std::size_t>(length), wait = static_cast<std::size_t>(delay);
    std::vector<std::int32_t> chosen(n);
    for (int i = 0; i < count; ++i) {
      for (auto& symbol : chosen)
        symbol = static_cast<std::int32_t>(stream.below(static_cast<std::uint64_t>(symbols)));
      for (const auto symbol : chosen) out.tokens.push_back(symbol + 1);
      out.tokens.insert(out.tokens.end(), wait - 1, 0);
      out.tokens.push_back(symbols + 1);
      out.tokens.insert(out.tokens.end(), n, 0);
      out.labels.insert(out.labels.end(), n + wait, -1);
      out.labels.insert(out.labels.end(), chosen.begin(), chosen.end());
    }
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    const Stream stream(0, static_cast<std::uint64_t>(draw), "copying", "draw");
    auto out = std::make_shared<Data>();
    out->name = "copying";
    const int width = 2 * length + delay;
    out->format = {true, width, symbols + 2, width, symbols};
    const int tenth = examples / 10;
    out->train = make_split(examples - 2 * tenth, stream.fork("train"));
    out->valid = make_split(tenth, stream.fork("valid"));
    out->test = make_split(tenth, stream.fork("test"));
    return out;
  }
};
ASSAY_REGISTER(Dataset, Copying);

}  // namespace
}  // namespace assay::datasets
