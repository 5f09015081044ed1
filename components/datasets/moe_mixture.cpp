// A Gaussian mixture of linear experts (Jacobs et al. 1991, with hard gates): an example is x = c_k
// + normal noise around the centre of expert k, drawn uniformly; its outputs are E_k (x - c_k) +
// noise. They are the targets, or the largest is the label. Which expert made an example can be
// told from x as far as centres lie apart.
#include <cmath>

#include "components/datasets/dataset.h"

namespace assay::datasets {
namespace {

struct MoeMixture final : Dataset {
  enum class Kind { kLabels, kTargets };
  static constexpr Info kInfo{"moe-mixture", 1, "Gaussian mixture of known linear experts.",
                              "Jacobs et al. 1991 (adaptive mixtures of local experts)"};
  int experts = 4;
  int features = 8;
  int outputs = 4;
  double separation = 2.0;
  double noise = 0.1;
  Kind kind = Kind::kLabels;
  int examples = 4000;
  int draw = 0;

  static void params(Params<MoeMixture>& p) {
    using M = MoeMixture;
    p.add("experts", &M::experts).range(1, 1024).unit("experts").doc("That made the data.");
    p.add("features", &M::features).range(1, 65536).doc("Of an example.");
    p.add("outputs", &M::outputs).range(1, 1024).doc("Of an expert: classes or targets.");
    p.add("separation", &M::separation)
        .range(0, 1000)
        .doc(
            "Standard deviation of each coordinate of centres; that of examples around them is 1.");
    p.add("noise", &M::noise)
        .neutral(0.0)
        .range(0, 1000)
        .doc("Standard deviation, of each output.");
    p.add("kind", &M::kind, {"labels", "targets"}).doc("The largest output, or the outputs.");
    p.add("examples", &M::examples)
        .range(10, 1e7)
        .unit("examples")
        .doc("80% train, 10% valid, 10% test.");
    p.add("draw", &M::draw).at_least(0).doc("Which of the seeded draws.");
  }
  std::string check() const override {
    return kind == Kind::kTargets || outputs > 1 ? "" : "outputs: labels need at least 2";
  }

  struct Truth {
    nn::Tensor centres, maps;  // experts x features, experts x outputs x features
  };

  Examples make_split(const Truth& truth, int count, Stream stream, nn::Tensor* assignment) const {
    Examples out;
    out.count = count;
    out.features = nn::Tensor({count, features});
    if (kind == Kind::kTargets) out.targets = nn::Tensor({count, outputs});
    std::vector<double> offset(static_cast<std::size_t>(features)),
        y(static_cast<std::size_t>(outputs));
    for (int i = 0; i < count; ++i) {
      const int k = static_cast<int>(stream.below(static_cast<std::uint64_t>(experts)));
      if (assignment) assignment->set(i, k);
      for (int j = 0; j < features; ++j) {
        offset[static_cast<std::size_t>(j)] = stream.normal();
        out.features.set(std::int64_t{i} * features + j,
                         truth.centres.at(k, j) + offset[static_cast<std::size_t>(j)]);
      }
      for (int o = 0; o < outputs; ++o) {
        double sum = noise * stream.normal();
        for (int j = 0; j < features; ++j)
          sum += truth.maps.at(k * outputs + o, j) * offset[static_cast<std::size_t>(j)];
        y[static_cast<std::size_t>(o)] = sum;
        if (kind == Kind::kTargets) out.targets.set(std::int64_t{i} * outputs + o, sum);
      }
      if (kind == Kind::kLabels)
        out.labels.push_back(
            static_cast<std::int32_t>(std::max_element(y.begin(), y.end()) - y.begin()));
    }
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    const Stream stream(0, static_cast<std::uint64_t>(draw), "moe-mixture", "draw");
    const Truth truth = {
        nn::Tensor::normal({experts, features}, separation, stream.fork("centres")),
        nn::Tensor::normal({experts, outputs, features}, 1.0 / std::sqrt(features),
                           stream.fork("experts"))};
    auto out = std::make_shared<Data>();
    out->name = "moe-mixture";
    const bool labels = kind == Kind::kLabels;
    out->format = {false, features, 0, 1, labels ? outputs : 0, labels ? 0 : outputs};
    const int tenth = examples / 10;
    nn::Tensor assignment({tenth});
    out->train = make_split(truth, examples - 2 * tenth, stream.fork("train"), nullptr);
    out->valid = make_split(truth, tenth, stream.fork("valid"), nullptr);
    out->test = make_split(truth, tenth, stream.fork("test"), &assignment);
    out->truth["centres"] = truth.centres;
    out->truth["experts"] = truth.maps;
    out->truth["assignment"] = assignment;  // of the test split
    return out;
  }
};
ASSAY_REGISTER(Dataset, MoeMixture);

}  // namespace
}  // namespace assay::datasets
