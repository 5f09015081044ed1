// Associative recall (Ba et al. 2016, section 4.1; one query of the task of Arora et al. 2023):
// pairs of a key and a value, then one of the keys; the label, at the last position, is the value
// that came with it. Keys of a sequence are distinct; keys are tokens 0 … keys-1, values those that
// follow.
#include "components/datasets/dataset.h"

namespace assay::datasets {
namespace {

struct Recall final : Dataset {
  static constexpr Info kInfo{"recall", 1, "Key-value pairs, then a key to recall the value of.",
                              "Ba et al. 2016, arXiv:1610.06258, section 4.1; Arora et al. 2023, "
                              "arXiv:2312.04927"};
  int pairs = 8;
  int keys = 16;
  int values = 8;
  int examples = 8000;
  int draw = 0;

  static void params(Params<Recall>& p) {
    p.add("pairs", &Recall::pairs).range(1, 10000).unit("pairs").doc("In a sequence.");
    p.add("keys", &Recall::keys).range(1, 100000).unit("tokens").doc("That exist.");
    p.add("values", &Recall::values).range(2, 100000).unit("tokens").doc("That exist.");
    p.add("examples", &Recall::examples)
        .range(10, 1e7)
        .unit("examples")
        .doc("80% train, 10% valid, 10% test.");
    p.add("draw", &Recall::draw).at_least(0).doc("Which of the seeded draws.");
  }
  std::string check() const override {
    return pairs <= keys ? ""
                         : "pairs = " + std::to_string(pairs) + " is more than the " +
                               std::to_string(keys) + " keys";
  }

  Examples make_split(int count, Stream stream, nn::Tensor* asked) const {
    Examples out;
    out.count = count;
    for (int i = 0; i < count; ++i) {
      const std::vector<int> order = stream.permutation(keys);
      const auto query = stream.below(static_cast<std::uint64_t>(pairs));
      for (std::size_t j = 0; j < static_cast<std::size_t>(pairs); ++j) {
        const int value = static_cast<int>(stream.below(static_cast<std::uint64_t>(values)));
        out.tokens.push_back(order[j]);
        out.tokens.push_back(keys + value);
        if (j == query) out.labels.push_back(value);
      }
      out.tokens.push_back(order[query]);
      if (asked) asked->set(i, static_cast<double>(query));
    }
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    const Stream stream(0, static_cast<std::uint64_t>(draw), "recall", "draw");
    auto out = std::make_shared<Data>();
    out->name = "recall";
    out->format = {true, 2 * pairs + 1, keys + values, 1, values};
    const int tenth = examples / 10;
    nn::Tensor asked({tenth});
    out->train = make_split(examples - 2 * tenth, stream.fork("train"), nullptr);
    out->valid = make_split(tenth, stream.fork("valid"), nullptr);
    out->test = make_split(tenth, stream.fork("test"), &asked);
    out->truth["pair"] = asked;  // which pair the query is of, from 0, in the test split
    return out;
  }
};
ASSAY_REGISTER(Dataset, Recall);

}  // namespace
}  // namespace assay::datasets
