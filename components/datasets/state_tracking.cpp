// Word problems of a group (Merrill et al. 2024; Liu et al. 2022): tokens are random
// elements g_1, g_2, …; the label at position t is the state g_1 · g_2 · … · g_t. Parity is
// addition modulo 2; modular is addition modulo `modulus`; s3 and s5 are the permutations of 3 and
// 5 things, numbered in lexicographic order, a · b being a, then b. S5 is not solvable: its word
// problem is complete for NC1 (Barrington 1989), out of reach of a circuit of constant depth such
// as a transformer's.
#include <algorithm>

#include "components/datasets/dataset.h"

namespace assay::datasets {
namespace {

using GroupTable = std::vector<std::vector<int>>;  // order x order: a · b

GroupTable cyclic(int order) {
  GroupTable out;
  for (int a = 0; a < order; ++a) {
    out.emplace_back();
    for (int b = 0; b < order; ++b) out.back().push_back((a + b) % order);
  }
  return out;
}

GroupTable symmetric(int things) {
  std::vector<int> next(static_cast<std::size_t>(things));
  std::iota(next.begin(), next.end(), 0);
  std::vector<std::vector<int>> all;
  do all.push_back(next);
  while (std::next_permutation(next.begin(), next.end()));
  GroupTable out;
  for (const auto& a : all) {
    out.emplace_back();
    for (const auto& b : all) {
      for (std::size_t i = 0; i < next.size(); ++i) next[i] = b[static_cast<std::size_t>(a[i])];
      const auto product = std::lower_bound(all.begin(), all.end(), next);
      out.back().push_back(static_cast<int>(product - all.begin()));
    }
  }
  return out;
}

struct StateTracking final : Dataset {
  enum class Group { kParity, kModular, kS3, kS5 };
  static constexpr Info kInfo{"state-tracking", 1, "Running products in a group.",
                              "Merrill et al. 2024, arXiv:2404.08819; Liu et al. "
                              "2022, arXiv:2210.10749"};
  Group group = Group::kParity;
  int modulus = 5;
  int length = 16;
  int examples = 8000;
  int draw = 0;

  static void params(Params<StateTracking>& p) {
    using S = StateTracking;
    p.add("group", &S::group, {"parity", "modular", "s3", "s5"}).doc("Of tokens and states.");
    p.add("modulus", &S::modulus).range(2, 1000).doc("Of the group modular.");
    p.add("length", &S::length).range(1, 100000).unit("tokens").doc("Of a sequence.");
    p.add("examples", &S::examples)
        .range(10, 1e7)
        .unit("examples")
        .doc("80% train, 10% valid, 10% test.");
    p.add("draw", &S::draw).at_least(0).doc("Which of the seeded draws.");
  }

  GroupTable table() const {
    if (group == Group::kParity) return cyclic(2);
    return group == Group::kModular ? cyclic(modulus) : symmetric(group == Group::kS3 ? 3 : 5);
  }

  Examples make_split(const GroupTable& products, int count, Stream stream) const {
    Examples out;
    out.count = count;
    for (int i = 0; i < count; ++i) {
      int state = 0;  // the identity is element 0 of every group
      for (int t = 0; t < length; ++t) {
        const auto element = static_cast<int>(stream.below(products.size()));
        state = products[static_cast<std::size_t>(state)][static_cast<std::size_t>(element)];
        out.tokens.push_back(element);
        out.labels.push_back(state);
      }
    }
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    const Stream stream(0, static_cast<std::uint64_t>(draw), "state-tracking", "draw");
    const GroupTable products = table();
    const int order = static_cast<int>(products.size());
    auto out = std::make_shared<Data>();
    out->name = "state-tracking";
    out->format = {true, length, order, length, order};
    const int tenth = examples / 10;
    out->train = make_split(products, examples - 2 * tenth, stream.fork("train"));
    out->valid = make_split(products, tenth, stream.fork("valid"));
    out->test = make_split(products, tenth, stream.fork("test"));
    nn::Tensor truth({order, order});  // "table": element of row · element of column
    for (int a = 0; a < order; ++a)
      for (int b = 0; b < order; ++b)
        truth.set(std::int64_t{a} * order + b,
                  products[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)]);
    out->truth["table"] = truth;
    return out;
  }
};
ASSAY_REGISTER(Dataset, StateTracking);

}  // namespace
}  // namespace assay::datasets
