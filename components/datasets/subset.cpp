// A part of the examples: the first, or drawn ones, a fraction or a number of each of the chosen
// splits.
#include <numeric>

#include "components/datasets/wrapper.h"

namespace assay::datasets {
namespace {

struct Subset final : Dataset {
  enum class Choose { kFirst, kRandom };
  static constexpr Info kInfo{"subset", 1, "The first or random examples of a data set."};
  static constexpr std::string_view kNeutral = "@dataset";
  static constexpr std::string_view kExample = "dataset = \"iris\", fraction = 0.5";
  Slot<Dataset> dataset;
  double fraction = 1.0;
  std::optional<int> examples;
  Choose choose = Choose::kRandom;
  std::vector<Split> splits = {Split::kTrain};
  int draw = 0;

  static void params(Params<Subset>& p) {
    p.add("dataset", &Subset::dataset).required().doc("Of what.");
    p.add("fraction", &Subset::fraction).above(0).at_most(1).doc("Of the examples, at least one.");
    p.add("examples", &Subset::examples)
        .range(1, 1e9)
        .unit("examples")
        .doc("Instead of a fraction; all where there are fewer.");
    p.add("choose", &Subset::choose, {"first", "random"}).doc("Which ones.");
    p.add("splits", &Subset::splits, std::span(kSplitNames)).doc("Of which splits.");
    p.add("draw", &Subset::draw).at_least(0).doc("Which of the seeded draws.");
  }
  std::string check() const override {
    return examples && fraction != 1.0 ? "fraction and examples cannot both be given"
                                       : check_splits(splits);
  }

  std::shared_ptr<const Data> make() const override {
    auto out = begin_wrapper(dataset, kInfo.name);
    const Stream stream(0, static_cast<std::uint64_t>(draw), "subset", "draw");
    for (const Split split : splits) {
      std::vector<int> rows(static_cast<std::size_t>(split_of(*out, split).count));
      std::iota(rows.begin(), rows.end(), 0);
      const std::size_t count = examples
                                    ? static_cast<std::size_t>(*examples)
                                    : std::max(share_of(fraction, rows.size()), std::size_t{1});
      if (choose == Choose::kRandom)
        rows = draw_rows(rows, count, stream.fork(kSplitNames[static_cast<std::size_t>(split)]));
      else
        rows.resize(std::min(count, rows.size()));
      std::sort(rows.begin(), rows.end());
      keep_rows(*out, split, rows);
    }
    return out;
  }
};
ASSAY_REGISTER(Dataset, Subset);

}  // namespace
}  // namespace assay::datasets
