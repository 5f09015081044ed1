// A cue that is not the cause: `classes` features, of which the one of a class is lit. The class is
// the label in round(rate * n) of the n training examples (validation likewise), and in
// round(test_rate * n) of the test examples; in the others it is any other class with equal chance.
// The features are put at the end, or over the first ones (in an image: pixels of its top rows).
// Like the colour of coloured MNIST, with more than two classes and exact counts.
#include "components/datasets/wrapper.h"

namespace assay::datasets {
namespace {

struct SpuriousCue final : Dataset {
  enum class Place { kAppend, kOverwrite };
  static constexpr Info kInfo{"spurious-cue", 1, "A cue that goes with the label in training.",
                              "Arjovsky et al. 2019, arXiv:1907.02893, section 5.1"};
  static constexpr std::string_view kNeutral = "@dataset";
  static constexpr std::string_view kExample = "dataset = \"iris\"";
  Slot<Dataset> dataset;
  double rate = 0.9;
  double test_rate = 0.1;
  double strength = 1.0;
  Place place = Place::kAppend;
  int draw = 0;

  static void params(Params<SpuriousCue>& p) {
    p.add("dataset", &SpuriousCue::dataset).required().doc("What the cue is planted in.");
    p.add("rate", &SpuriousCue::rate)
        .range(0, 1)
        .doc("Share of training and validation examples whose cue is their label.");
    p.add("test_rate", &SpuriousCue::test_rate).range(0, 1).doc("Share of the test examples.");
    p.add("strength", &SpuriousCue::strength)
        .above(0)
        .at_most(1e6)
        .doc("Of a lit feature; 0 else.");
    p.add("place", &SpuriousCue::place, {"append", "overwrite"})
        .doc("After the features, or over the first of them.");
    p.add("draw", &SpuriousCue::draw).at_least(0).doc("Which of the seeded draws.");
  }

  nn::Tensor plant(Examples& examples, int width, int classes, double share,
                   const Stream& stream) const {
    nn::Tensor agrees({examples.count, 1});
    const auto n = static_cast<std::size_t>(examples.count);
    Stream order = stream.fork("which"), others = stream.fork("others");
    const std::vector<int> rows = order.permutation(examples.count);
    for (std::size_t i = 0; i < share_of(share, n); ++i) agrees.set(rows[i], 1.0);
    const int shown = place == Place::kAppend ? width + classes : width;
    const int first = place == Place::kAppend ? width : 0;
    nn::Tensor features({examples.count, shown});
    for (int i = 0; i < examples.count; ++i) {
      const std::int64_t at = std::int64_t{i} * shown;
      for (int j = 0; j < width; ++j) features.set(at + j, examples.features.at(i, j));
      for (int c = 0; c < classes; ++c) features.set(at + first + c, 0.0);
      int cue = examples.labels[static_cast<std::size_t>(i)];
      if (agrees.get(i) == 0.0)
        cue = (cue + 1 + static_cast<int>(others.below(static_cast<std::uint64_t>(classes - 1)))) %
              classes;
      features.set(at + first + cue, strength);
    }
    examples.features = std::move(features);
    return agrees;
  }

  std::shared_ptr<const Data> make() const override {
    auto out = begin_wrapper(dataset, kInfo.name);
    require_one_label(*out, kInfo.name);
    require_features(*out, kInfo.name);
    const int width = out->format.width, classes = out->format.classes;
    if (classes < 2 || out->format.nodes > 0 || (place == Place::kOverwrite && width < classes))
      throw std::runtime_error(
          "spurious-cue needs at least two classes and, to overwrite, as many features");
    drop_feature_truth(*out);
    const Stream stream(0, static_cast<std::uint64_t>(draw), "spurious-cue", "draw");
    for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
      const std::string name(kSplitNames[static_cast<std::size_t>(split)]);
      out->truth["cue-agrees-" + name] =
          plant(split_of(*out, split), width, classes, split == Split::kTest ? test_rate : rate,
                stream.fork(name));
    }
    if (place == Place::kAppend) out->format.width += classes;
    return out;
  }
};
ASSAY_REGISTER(Dataset, SpuriousCue);

}  // namespace
}  // namespace assay::datasets
