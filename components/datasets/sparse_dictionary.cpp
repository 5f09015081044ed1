// x = sum of a few atoms + noise, with the dictionary and the codes known: `active` distinct atoms
// for each example, coefficients uniform in [0.5, 1.5], atoms uniform on the unit sphere.
#include <cmath>

#include "components/datasets/dataset.h"

namespace assay::datasets {
namespace {

struct SparseDictionary final : Dataset {
  static constexpr Info kInfo{"sparse-dictionary", 1, "Sparse sums of known random atoms.",
                              "Olshausen and Field 1996 (generative model)"};
  int features = 32;
  int atoms = 64;
  int active = 3;
  double noise = 0.01;
  int examples = 4096;
  int draw = 0;

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
        .range(0, 10)
        .doc("Standard deviation of the noise of each feature.");
    p.add("examples", &SparseDictionary::examples)
        .range(10, 1e7)
        .unit("examples")
        .doc("80% train, 10% valid, 10% test.");
    p.add("draw", &SparseDictionary::draw).at_least(0).doc("Which of the seeded draws.");
  }
  std::string check() const override {
    return active <= atoms ? ""
                           : "active = " + std::to_string(active) + " is more than the " +
                                 std::to_string(atoms) + " atoms";
  }

  Examples make_split(const nn::Tensor& dictionary, int count, Stream stream,
                      nn::Tensor* codes) const {
    Examples out;
    out.count = count;
    out.features = nn::Tensor({count, features});
    for (int i = 0; i < count; ++i) {
      std::vector<double> x(static_cast<std::size_t>(features));
      const std::vector<int> order = stream.permutation(atoms);
      for (int a = 0; a < active; ++a) {
        const int atom = order[static_cast<std::size_t>(a)];
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

  std::shared_ptr<const Data> make() const override {
    const Stream stream(0, static_cast<std::uint64_t>(draw), "sparse-dictionary", "draw");
    nn::Tensor dictionary = nn::Tensor::normal({atoms, features}, 1.0, stream.fork("atoms"));
    for (int a = 0; a < atoms; ++a) {
      double norm = 0.0;
      for (int j = 0; j < features; ++j) norm += dictionary.at(a, j) * dictionary.at(a, j);
      for (int j = 0; j < features; ++j)
        dictionary.set(std::int64_t{a} * features + j, dictionary.at(a, j) / std::sqrt(norm));
    }
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
    return out;
  }
};
ASSAY_REGISTER(Dataset, SparseDictionary);

}  // namespace
}  // namespace assay::datasets
