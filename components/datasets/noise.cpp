// x + deviation * e with independent normal e, for every feature of the chosen splits.
#include "components/datasets/wrapper.h"

namespace assay::datasets {
namespace {

struct Noise final : Dataset {
  static constexpr Info kInfo{"noise", 1, "Normal noise on every feature."};
  static constexpr std::string_view kNeutral = "@dataset";
  static constexpr std::string_view kExample = "dataset = \"iris\"";
  Slot<Dataset> dataset;
  double deviation = 0.5;
  std::vector<Split> splits = {Split::kTrain, Split::kValid, Split::kTest};
  int draw = 0;

  static void params(Params<Noise>& p) {
    p.add("dataset", &Noise::dataset).required().doc("Whose features.");
    p.add("deviation", &Noise::deviation)
        .range(0, 1e6)
        .doc("Of the noise; features of most data sets have deviation 1 in training.");
    p.add("splits", &Noise::splits, std::span(kSplitNames)).doc("Which become noisy.");
    p.add("draw", &Noise::draw).at_least(0).doc("Which of the seeded draws.");
  }
  std::string check() const override { return check_splits(splits); }

  std::shared_ptr<const Data> make() const override {
    auto out = begin_wrapper(dataset, kInfo.name);
    require_features(*out, kInfo.name);
    const Stream stream(0, static_cast<std::uint64_t>(draw), "noise", "draw");
    for (const Split split : splits) {
      Stream numbers = stream.fork(kSplitNames[static_cast<std::size_t>(split)]);
      nn::Tensor& features = split_of(*out, split).features;
      for (std::int64_t i = 0; i < features.count(); ++i)
        features.set(i, features.get(i) + deviation * numbers.normal());
    }
    return out;
  }
};
ASSAY_REGISTER(Dataset, Noise);

}  // namespace
}  // namespace assay::datasets
