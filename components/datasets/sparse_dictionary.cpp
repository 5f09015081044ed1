// x = sum of a few atoms + noise, with the dictionary and the codes known: `active` distinct atoms
// for each example, coefficients uniform in [0.5, 1.5], atoms uniform on the unit sphere. They may
// be drawn towards one direction, sqrt(coherence) of it and sqrt(1 - coherence) of their own, so
// that two of them have about that cosine. Supports may be trees (Jenatton et al. 2010): an atom is
// active only with its parent, the next one drawn uniformly from those that may follow.
#include <algorithm>
#include <cmath>

#include "components/datasets/dataset.h"

namespace assay::datasets {
namespace {

struct SparseDictionary final : Dataset {
  enum class Support { kFree, kTree };
  static constexpr Info kInfo{"sparse-dictionary", 2, "Sparse sums of known random atoms.",
                              "Olshausen and Field 1996 (generative model); Jenatton et al. 2010, "
                              "arXiv:1009.2139 (trees)"};
  int features = 32;
  int atoms = 64;
  int active = 3;
  double noise = 0.01;
  int examples = 4096;
  int draw = 0;
  Support support = Support::kFree;
  int branches = 4;
  double coherence = 0.0;

  static void params(Params<SparseDictionary>& p) {
    p.add("features", &SparseDictionary::features).range(2, 4096).doc("Dimensions of an example.");
    p.add("atoms", &SparseDictionary::atoms)
        .range(1, 65536)
        .unit("atoms")
        .doc("Size of the dictionary.");
    p.add("active", &SparseDictionary::active)
        .range(1, 65536)
        .unit("atoms")
        .doc("In each example.");
    p.add("noise", &SparseDictionary::noise)
        .neutral(0.0)
        .range(0, 10)
        .doc("Standard deviation of the noise of each feature.");
    p.add("examples", &SparseDictionary::examples)
        .range(10, 1e7)
        .unit("examples")
        .doc("80% train, 10% valid, 10% test.");
    p.add("draw", &SparseDictionary::draw).at_least(0).doc("Which of the seeded draws.");
    p.add("support", &SparseDictionary::support, {"free", "tree"})
        .doc("Any atoms together, or an atom only with its parent.")
        .since(2);
    p.add("branches", &SparseDictionary::branches)
        .range(1, 65536)
        .unit("atoms")
        .doc("Of a tree: roots, and children of each atom.")
        .since(2);
    p.add("coherence", &SparseDictionary::coherence)
        .range(0, 0.99)
        .doc("Cosine of two atoms, on average.")
        .since(2);
  }
  std::string check() const override {
    return active <= atoms ? ""
                           : "active = " + std::to_string(active) + " is more than the " +
                                 std::to_string(atoms) + " atoms";
  }

  // Atoms 0 … branches-1 are roots, those after them children in their order.
  int parent(int atom) const { return atom < branches ? -1 : atom / branches - 1; }

  std::vector<int> active_atoms(Stream& stream) const {
    if (support == Support::kFree) {
      std::vector<int> out = stream.permutation(atoms);
      out.resize(static_cast<std::size_t>(active));
      return out;
    }
    std::vector<int> out, open;
    for (int root = 0; root < std::min(branches, atoms); ++root) open.push_back(root);
    while (static_cast<int>(out.size()) < active) {
      const auto at = open.begin() + static_cast<std::ptrdiff_t>(stream.below(open.size()));
      const int atom = *at;
      open.erase(at);
      out.push_back(atom);
      for (int i = 0; i < branches && (atom + 1) * branches + i < atoms; ++i)
        open.push_back((atom + 1) * branches + i);
    }
    return out;
  }

  Examples make_split(const nn::Tensor& dictionary, int count, Stream stream,
                      nn::Tensor* codes) const {
    Examples out;
    out.count = count;
    out.features = nn::Tensor({count, features});
    for (int i = 0; i < count; ++i) {
      std::vector<double> x(static_cast<std::size_t>(features));
      for (const int atom : active_atoms(stream)) {
        const double weight = stream.uniform(0.5, 1.5);
        if (codes) codes->set(std::int64_t{i} * atoms + atom, weight);
        for (int j = 0; j < features; ++j)
          x[static_cast<std::size_t>(j)] += weight * dictionary.at(atom, j);
      }
      for (int j = 0; j < features; ++j)
        out.features.set(std::int64_t{i} * features + j,
                         x[static_cast<std::size_t>(j)] + noise * stream.normal());
    }
    return out;
  }

  // Rows scaled to length 1.
  static void normalise(nn::Tensor& rows) {
    const int n = rows.shape()[0], d = rows.shape()[1];
    for (int a = 0; a < n; ++a) {
      double norm = 0.0;
      for (int j = 0; j < d; ++j) norm += rows.at(a, j) * rows.at(a, j);
      for (int j = 0; j < d; ++j)
        rows.set(std::int64_t{a} * d + j, rows.at(a, j) / std::sqrt(norm));
    }
  }
  void draw_together(nn::Tensor& dictionary, const Stream& stream) const {
    nn::Tensor shared = nn::Tensor::normal({1, features}, 1.0, stream);
    normalise(shared);
    for (std::int64_t i = 0; i < dictionary.count(); ++i)
      dictionary.set(i, std::sqrt(coherence) * shared.get(i % features) +
                            std::sqrt(1.0 - coherence) * dictionary.get(i));
    normalise(dictionary);
  }

  std::shared_ptr<const Data> make() const override {
    const Stream stream(0, static_cast<std::uint64_t>(draw), "sparse-dictionary", "draw");
    nn::Tensor dictionary = nn::Tensor::normal({atoms, features}, 1.0, stream.fork("atoms"));
    normalise(dictionary);
    if (coherence > 0.0) draw_together(dictionary, stream.fork("shared"));
    auto out = std::make_shared<Data>();
    out->name = "sparse-dictionary";
    out->format = {false, features, 0, 1, 0};
    const int tenth = examples / 10;
    nn::Tensor codes({tenth, atoms});
    out->train = make_split(dictionary, examples - 2 * tenth, stream.fork("train"), nullptr);
    out->valid = make_split(dictionary, tenth, stream.fork("valid"), nullptr);
    out->test = make_split(dictionary, tenth, stream.fork("test"), &codes);
    out->truth["dictionary"] = dictionary;
    out->truth["codes"] = codes;  // of the test split
    if (support == Support::kFree) return out;
    nn::Tensor parents({atoms});
    for (int a = 0; a < atoms; ++a) parents.set(a, parent(a));
    out->truth["parents"] = parents;  // -1 of a root
    return out;
  }
};
ASSAY_REGISTER(Dataset, SparseDictionary);

}  // namespace
}  // namespace assay::datasets
