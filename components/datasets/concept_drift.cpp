// What is to be learnt changes over time. The training examples stand at times (i + 1/2) / n in
// their order, validation and test examples at `test_time`. The new concept's share rises from 0 to
// 1 over `duration` about `onset` (0: at once). Labels: an example is of the new concept with that
// chance, and its class c is then called c + 1 (gradual drift, Gama et al. 2014). Means: every
// example is shifted by that share of `size` along one random direction (incremental drift).
#include <cmath>

#include "components/datasets/wrapper.h"

namespace assay::datasets {
namespace {

struct ConceptDrift final : Dataset {
  enum class Kind { kLabels, kMeans };
  static constexpr Info kInfo{"concept-drift", 1, "Labels or means that change over time.",
                              "Gama et al. 2014, A survey on concept drift adaptation, section 2"};
  static constexpr std::string_view kNeutral = "@dataset";
  static constexpr std::string_view kExample = "dataset = \"iris\"";
  Slot<Dataset> dataset;
  Kind kind = Kind::kLabels;
  double onset = 0.5;
  double duration = 0.0;
  double test_time = 1.0;
  double size = 1.0;
  int draw = 0;

  static void params(Params<ConceptDrift>& p) {
    p.add("dataset", &ConceptDrift::dataset).required().doc("What changes.");
    p.add("kind", &ConceptDrift::kind, {"labels", "means"})
        .doc("Class c is called c + 1, or features shift.");
    p.add("onset", &ConceptDrift::onset).range(0, 1).doc("Middle of the change, in 0 to 1.");
    p.add("duration", &ConceptDrift::duration).range(0, 2).doc("Of the change; 0: at once.");
    p.add("test_time", &ConceptDrift::test_time)
        .range(0, 1)
        .doc("When validation and test examples stand.");
    p.add("size", &ConceptDrift::size)
        .range(0, 1e6)
        .doc("Length of the shift of the means; for kind = \"means\".");
    p.add("draw", &ConceptDrift::draw).at_least(0).doc("Which of the seeded draws.");
  }

  double share_at(double time) const {
    if (duration <= 0.0) return time >= onset ? 1.0 : 0.0;
    return std::clamp((time - onset) / duration + 0.5, 0.0, 1.0);
  }

  // The share of the new concept in each example: 0 or 1 for labels.
  nn::Tensor concepts(int count, bool train, Stream stream) const {
    nn::Tensor out({count, 1});
    for (int i = 0; i < count; ++i) {
      const double share = share_at(train ? (i + 0.5) / count : test_time);
      const double drawn = stream.uniform() < share ? 1.0 : 0.0;
      out.set(i, kind == Kind::kLabels ? drawn : share);
    }
    return out;
  }

  static std::vector<double> direction(int width, Stream stream) {
    std::vector<double> out;
    double square = 0.0;
    for (int j = 0; j < width; ++j) {
      const double x = out.emplace_back(stream.normal());
      square += x * x;
    }
    for (double& x : out) x /= std::sqrt(square);
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    auto out = begin_wrapper(dataset, kInfo.name);
    const bool labels = kind == Kind::kLabels;
    labels ? require_one_label(*out, kInfo.name) : require_features(*out, kInfo.name);
    const int width = out->format.width;
    const Stream stream(0, static_cast<std::uint64_t>(draw), "concept-drift", "draw");
    const auto shift = direction(width, stream.fork("direction"));
    for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
      const std::string name(kSplitNames[static_cast<std::size_t>(split)]);
      Examples& examples = split_of(*out, split);
      const nn::Tensor share = concepts(examples.count, split == Split::kTrain, stream.fork(name));
      for (int i = 0; i < examples.count; ++i) {
        if (labels) {
          auto& label = examples.labels[static_cast<std::size_t>(i)];
          label = (label + static_cast<int>(share.get(i))) % out->format.classes;
          continue;
        }
        for (int j = 0; j < width; ++j)
          examples.features.set(std::int64_t{i} * width + j,
                                examples.features.at(i, j) +
                                    size * share.get(i) * shift[static_cast<std::size_t>(j)]);
      }
      out->truth["concept-" + name] = share;
    }
    if (!labels) out->truth["drift-direction"] = nn::Tensor::of({1, width}, shift);
    return out;
  }
};
ASSAY_REGISTER(Dataset, ConceptDrift);

}  // namespace
}  // namespace assay::datasets
